import type { Channel, Origin } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { type ChatFilter, channels as allChannels } from '../../conversations/chat-filter.ts'
import { ChatCountsDocument } from '../../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../../profiles/current-profile.ts'

/** How many chats each choice of the filter would list, next to the other choices. */
export interface ChatCounts {
  readonly channels: ReadonlyMap<Channel, number>
  readonly origins: ReadonlyMap<Origin, number>
  /** Of both origins. */
  readonly total: number
  readonly archived: number
}

/** Null until they are known, and where they cannot be read. */
export function useChatCounts({ channels, origin, isArchive }: ChatFilter): ChatCounts | null {
  const client = useSegueClient()
  const profile = useCurrentProfile()
  const [counts, setCounts] = useState<ChatCounts | null>(null)
  useEffect(() => {
    const leave = new AbortController()
    const chosen = channels.length > 0 ? [...channels] : null
    const base = { profile, archived: isArchive }
    const variables = {
      // The server leaves some channels out that are not named.
      byChannel: { ...base, origin, channels: [...allChannels] },
      byOrigin: { ...base, channels: chosen },
      archived: { profile, origin, channels: chosen, archived: true },
    }
    client.request(ChatCountsDocument, variables, { signal: leave.signal }).then(
      ({ byChannel, byOrigin, archived }) =>
        setCounts({
          channels: new Map(byChannel.channels.map(({ channel, count }) => [channel, count])),
          origins: new Map(byOrigin.origins.map((counted) => [counted.origin, counted.count])),
          total: byOrigin.total,
          archived: archived.total,
        }),
      () => {},
    )
    return () => leave.abort()
  }, [client, profile, channels, origin, isArchive])
  return counts
}
