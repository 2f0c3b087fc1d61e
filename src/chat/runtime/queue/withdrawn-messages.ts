import type { MessageRecord } from '../../../model/message.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { StreamLookup, WithdrawnMessageLookup } from '../../../storage/event-store.ts'

/** Reads the withdrawn messages of a session, and the streams that were to answer them. */
export type WithdrawnMessageStore = Pick<StreamLookup, 'findStreams'> & WithdrawnMessageLookup

export interface WithdrawnMessageOptions {
  readonly sessionId: string
  readonly store: WithdrawnMessageStore
}

/**
 * The withdrawn messages without a place that were sent before all of these queued streams, in the order in which they were
 * sent. See `toUserMessagePosition`.
 */
export async function listWithdrawnBefore(
  queued: readonly StreamRecord[],
  { sessionId, store }: WithdrawnMessageOptions,
): Promise<MessageRecord[]> {
  const messages = await store.listUnplacedWithdrawnMessages(sessionId)
  if (messages.length === 0) return []
  const streams = await store.findStreams(messages.flatMap(({ streamId }) => streamId ?? []))
  const firstSeqs = new Map(streams.map(({ userMessageId, firstSeq }) => [userMessageId, firstSeq]))
  const seqOf = ({ id }: MessageRecord) => firstSeqs.get(id) ?? 0
  const earliestSeq = Math.min(...queued.map(({ firstSeq }) => firstSeq))
  return messages.filter((message) => seqOf(message) < earliestSeq).toSorted((a, b) => seqOf(a) - seqOf(b))
}
