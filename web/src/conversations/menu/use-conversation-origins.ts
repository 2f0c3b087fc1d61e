import type { Conversation } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { ConversationOriginsDocument } from '../../graphql/generated/graphql.ts'

/** What of a conversation decides whether it can be deleted. */
export interface ConversationOrigins {
  readonly hasHermesSegments: boolean
  /** The streams that run or wait for a person in any of its sessions. */
  readonly activeStreamIds: readonly string[]
}

/** Of all sessions of a conversation. Null until it is known. */
export function useConversationOrigins({ id, tip, segmentCount }: Conversation): ConversationOrigins | null {
  const client = useSegueClient()
  const [read, setRead] = useState<(ConversationOrigins & { readonly id: string }) | null>(null)
  const activeStreamId = tip.activeStream?.id
  useEffect(() => {
    if (segmentCount === 1) return
    const leave = new AbortController()
    client.request(ConversationOriginsDocument, { id }, { signal: leave.signal }).then(
      ({ conversation }) => {
        const segments = conversation?.segments ?? []
        setRead({
          id,
          hasHermesSegments: segments.some(({ origin }) => origin === 'HERMES'),
          activeStreamIds: segments.flatMap(({ activeStream }) => activeStream?.id ?? []),
        })
      },
      // The server says why it refuses a deletion.
      () => setRead(null),
    )
    return () => leave.abort()
  }, [client, id, segmentCount, activeStreamId])
  if (segmentCount > 1) return read?.id === id ? read : null
  return {
    hasHermesSegments: tip.origin === 'HERMES',
    activeStreamIds: activeStreamId === undefined ? [] : [activeStreamId],
  }
}
