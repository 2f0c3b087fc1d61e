import { useSegueClient } from 'segue-client/react'
import { useEffect } from 'react'
import { useChatRoute } from '../routing/routes.ts'
import { ProfileOfSessionDocument } from '../graphql/generated/graphql.ts'
import { chooseProfile } from './current-profile.ts'

/** Shows the profile of a chat that is opened by its address, or by a link from another profile. */
export function useProfileOfChat(isNeeded: boolean): void {
  const client = useSegueClient()
  const sessionId = useChatRoute()?.sessionId ?? null
  useEffect(() => {
    if (!isNeeded || sessionId === null) return
    const leave = new AbortController()
    client.request(ProfileOfSessionDocument, { id: sessionId }, { signal: leave.signal }).then(
      ({ session }) => session && chooseProfile(session.profile.name),
      // The chat itself says why it cannot be read.
      () => {},
    )
    return () => leave.abort()
  }, [client, sessionId, isNeeded])
}
