import type { ChatEvent, DeliveredEvent, StreamReset } from '../../model/chat-event.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLog } from '../log/event-log.ts'
import { type CoalescedEvent, DeltaCoalescer } from '../log/delta-coalescer.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import { createAbortableGenerator } from '../../lib/abortable-generator.ts'
import { waitForAbort } from '../../lib/wait-for-abort.ts'

const pageSize = 256 // events read at once
/** A reader that is further behind than this gets merged deltas. */
const coalesceThresholdEvents = 256 // events

export interface LogSubscription {
  readonly sessionId: string
  /** The one stream that is followed, or all of the session's. */
  readonly stream: StreamRecord | null
  /** The session is kept here: its log may grow, or be removed, which ends the following. */
  readonly isSegueSession: boolean
  /** The session's newest seq when the following begins. */
  readonly headSeq: number
  /** What a reader with a cursor from nowhere can begin with. */
  readonly snapshot: () => Promise<Snapshot>
}

export interface Snapshot {
  /** The end of a stream that is over comes behind it. */
  readonly seq: number
  /** The answer that is being made, or was made by the followed stream, exactly as of `seq`. */
  readonly message: MessageRecord | null
}

/**
 * Every event after a seq, then the live ones; of one stream up to its end. Nothing is held for a reader but its cursor,
 * and leaving touches nothing. A cursor that no event of the session has reached is answered with a `StreamReset`.
 */
export function subscribeToLog(
  log: EventLog,
  subscription: LogSubscription,
  after: number,
): AsyncIterableIterator<DeliveredEvent> {
  return createAbortableGenerator((signal) => deliverEvents(log, subscription, after, signal))
}

/** Whether a cursor has all of a stream behind it, so that following it would complete at once. */
export function isFullyRead(stream: StreamRecord, headSeq: number, after: number): boolean {
  return stream.finishedAt !== null && after >= stream.lastSeq && after <= headSeq
}

async function* deliverEvents(
  log: EventLog,
  { sessionId, stream, isSegueSession, headSeq, snapshot }: LogSubscription,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<DeliveredEvent, void, void> {
  if (stream && isFullyRead(stream, headSeq, after)) return
  let cursor = Math.max(after, (stream?.firstSeq ?? 1) - 1)
  if (after > headSeq) {
    const reset = createStreamReset(sessionId, stream, await snapshot())
    cursor = reset.seq
    yield reset
  }
  if (!isSegueSession) return waitForAbort(signal)
  for await (const event of readEvents(log, sessionId, cursor, headSeq, signal)) {
    if (stream && event.streamId !== stream.id) continue
    yield event
    if (event.type === 'StreamFinished' && event.streamId === stream?.id) return
  }
}

function createStreamReset(sessionId: string, stream: StreamRecord | null, { seq, message }: Snapshot): StreamReset {
  return {
    type: 'StreamReset',
    reason: 'CURSOR_AHEAD',
    seq,
    at: Date.now(),
    sessionId,
    streamId: stream?.id ?? message?.streamId ?? null,
    message,
  }
}

/** The events after a cursor, for as long as the session is there: one by one, and merged for as long as the reader is far behind. */
async function* readEvents(
  log: EventLog,
  sessionId: string,
  after: number,
  headSeq: number,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, void> {
  let cursor = after
  let targetSeq = headSeq
  let coalescer: DeltaCoalescer | null = null
  while (!signal.aborted) {
    if (!coalescer) {
      targetSeq = Math.max(targetSeq, log.latestSeq(sessionId))
      if (targetSeq - cursor > coalesceThresholdEvents) coalescer = new DeltaCoalescer()
    }
    const page = await log.read({ sessionId, after: cursor, limit: pageSize })
    for (const event of page) {
      cursor = event.seq
      if (!coalescer) yield event
      else yield* coalescer.push(event).map(toDeliveredEvent)
    }
    if (coalescer) {
      if (page.length === 0 || cursor >= targetSeq) {
        yield* coalescer.flush().map(toDeliveredEvent)
        targetSeq = cursor
        coalescer = null
      }
      await yieldToEventLoop()
    } else if (page.length === 0) {
      if (!(await log.waitForMore(sessionId, cursor, signal))) return
    }
  }
}

/** A merged event as a reader is told of it, whose cursor is the seq of what it was told last. */
function toDeliveredEvent({ event, cursor }: CoalescedEvent): ChatEvent {
  return { ...event, seq: cursor }
}
