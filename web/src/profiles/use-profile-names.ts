import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { whenIdle } from '../graphql/when-idle.ts'
import { ProfileNamesDocument } from '../graphql/generated/graphql.ts'

/** The names of all profiles, `default` first. Empty until they are known. */
export function useProfileNames(): readonly string[] {
  const client = useSegueClient()
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    const leave = new AbortController()
    whenIdle()
      .then(() => client.request(ProfileNamesDocument, {}, { signal: leave.signal }))
      .then(
        ({ profiles }) => setNames(profiles.map(({ name }) => name)),
        // Without them, there is no switch, and new chats begin in the profile that is shown.
        () => {},
      )
    return () => leave.abort()
  }, [client])
  return names
}
