import { createUuid } from './environment/create-uuid.ts'
import type { ChatEvent } from './model/chat-event.ts'
import type { ChatInput, FollowOptions, FollowSessionOptions } from './segue-client.ts'
import { type SubscriberOptions, subscribeWithRetry } from './subscription/subscribe-with-retry.ts'
import type { Operation } from './subscription/transport.ts'
import { followSessionDocument, followStreamDocument, streamChatDocument } from './wire/documents.ts'
import { toChatEvent } from './wire/to-chat-event.ts'
import type { WireEvent } from './wire/wire-types.ts'

/** What the documents select. */
interface WireEventData {
  readonly event: WireEvent
}

/** See `SegueClient.chat`. */
export async function* chat(
  subscriber: SubscriberOptions,
  input: ChatInput,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void> {
  // One key for all tries: they are one call, which starts one answer.
  const start = { query: streamChatDocument, variables: { input: { ...input, key: input.key ?? createUuid() } } }
  const cursor = new EventCursor(0)
  const createOperation = (): Operation =>
    // Once the stream is known, the message, which may have long files, is not sent again.
    cursor.streamId === null ? start : createFollowOperation(cursor.streamId, cursor.seq)
  yield* readStream(subscribeWithRetry(subscriber, createOperation, signal), cursor)
}

/** See `SegueClient.follow`. */
export async function* followStream(
  subscriber: SubscriberOptions,
  streamId: string,
  signal: AbortSignal,
  { after = 0 }: FollowOptions = {},
): AsyncGenerator<ChatEvent, void> {
  const cursor = new EventCursor(after)
  const createOperation = (): Operation => createFollowOperation(streamId, cursor.seq)
  yield* readStream(subscribeWithRetry(subscriber, createOperation, signal), cursor)
}

/** See `SegueClient.followSession`. */
export async function* followSession(
  subscriber: SubscriberOptions,
  sessionId: string,
  signal: AbortSignal,
  { after = 0, followContinuations = false }: FollowSessionOptions = {},
): AsyncGenerator<ChatEvent, void> {
  const cursor = new EventCursor(after)
  const createOperation = (): Operation => ({
    query: followSessionDocument,
    variables: { id: sessionId, after: cursor.seq },
  })
  let continuedBy: string | null = null
  for await (const { event: wireEvent } of subscribeWithRetry<WireEventData>(subscriber, createOperation, signal)) {
    const event = cursor.accept(wireEvent) ? toChatEvent(wireEvent) : null
    if (event) yield event
    if (event?.type === 'SessionContinued') {
      continuedBy = event.toId
      break
    }
  }
  if (continuedBy && followContinuations) {
    yield* followSession(subscriber, continuedBy, signal, { followContinuations })
  }
}

function createFollowOperation(id: string, after: number): Operation {
  return { query: followStreamDocument, variables: { id, after } }
}

async function* readStream(
  wireEvents: AsyncGenerator<WireEventData, void>,
  cursor: EventCursor,
): AsyncGenerator<ChatEvent, void> {
  for await (const { event: wireEvent } of wireEvents) {
    const isEnd = wireEvent.__typename === 'StreamFinished'
    // After a reset, the end follows whatever its seq is. It is the last event, so it comes once.
    const event = cursor.accept(wireEvent) || isEnd ? toChatEvent(wireEvent) : null
    if (event) yield event
    if (isEnd) return
  }
}

/** How far the events of a log were received. */
class EventCursor {
  /** Of the last event. */
  seq: number
  /** Of the last event that belongs to a stream. */
  streamId: string | null = null

  constructor(seq: number) {
    this.seq = seq
  }

  /** Advances. False for an event that was received before. */
  accept({ __typename, seq, streamId }: WireEvent): boolean {
    if (seq <= this.seq && __typename !== 'StreamReset') return false
    this.seq = seq
    this.streamId = streamId ?? this.streamId
    return true
  }
}
