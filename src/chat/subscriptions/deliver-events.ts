import type { ChatEvent, DeliveredEvent, StreamReset } from '../../model/chat-event.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLog, EventLogReader } from '../log/event-log.ts'
import { type CoalescedEvent, DeltaCoalescer } from '../log/delta-coalescer.ts'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { waitForAbort } from '../../lib/async/wait-for-abort.ts'

const pageSize = 256 // events per read
/** A reader that is further behind than this receives coalesced deltas. */
const coalesceThresholdEvents = 256

/** The log, or the part of it, that a subscription follows. */
export interface FollowedLog {
  readonly profileName: string
  readonly sessionId: string
  /** The stream to follow; null for all events of the session. */
  readonly stream: StreamRecord | null
  /** Whether the session is Segue's. A Hermes session has no log, so there is nothing to read. */
  readonly isSegueSession: boolean
  /** The session's newest seq at the start of the subscription. */
  readonly headSeq: number
  /** The seq of the last event that the subscription will ever have, if it exists already; null otherwise. */
  readonly endSeq: number | null
  /** Loads the state that a reader continues from if its cursor cannot be honoured. */
  readonly loadSnapshot: () => Promise<EventLogSnapshot>
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number
}

/** The state of a stream or a session at a seq. */
export interface EventLogSnapshot {
  /** Precedes the StreamFinished of the stream, so that the reader receives it. */
  readonly seq: number
  /** The answer that is streaming, or that of the followed stream, exactly as of `seq`. */
  readonly message: MessageRecord | null
}

/** Delivers the events after a seq, as one reader receives them. */
export async function* deliverEvents(
  log: EventLog,
  { sessionId, stream, isSegueSession, headSeq, endSeq, loadSnapshot, now }: FollowedLog,
  reader: EventLogReader,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<DeliveredEvent, void, void> {
  let cursor = Math.max(after, (stream?.firstSeq ?? 1) - 1)
  if (after > headSeq) {
    const reset = createStreamReset(sessionId, stream, await loadSnapshot(), now())
    cursor = reset.seq
    yield reset
    if (endSeq !== null && cursor >= endSeq) return
  }
  if (!isSegueSession) return waitForAbort(signal)
  reader.cursor = cursor
  for await (const event of readEvents(log, { sessionId, headSeq, reader, signal })) {
    if (stream && event.streamId !== stream.id) continue
    yield event
    if (isLastEvent(event, stream)) return
  }
}

/** Whether nothing can follow an event for those who follow a stream; with null, for those who follow its session. */
export function isLastEvent({ type }: DeliveredEvent, stream: StreamRecord | null): boolean {
  return type === (stream ? 'StreamFinished' : 'SessionContinued')
}

/** Tells a reader whose cursor is beyond the end of the log what to continue from. */
export function createStreamReset(
  sessionId: string,
  stream: StreamRecord | null,
  { seq, message }: EventLogSnapshot,
  at: number,
): StreamReset {
  return {
    type: 'StreamReset',
    reason: 'CURSOR_AHEAD',
    seq,
    at,
    sessionId,
    streamId: stream?.id ?? message?.streamId ?? null,
    message,
  }
}

interface ReadEventsOptions {
  readonly sessionId: string
  readonly headSeq: number
  /** Holds the cursor. */
  readonly reader: EventLogReader
  readonly signal: AbortSignal
}

/** The events after the reader's cursor, until the session is deleted. They are coalesced while the reader is far behind. */
async function* readEvents(
  log: EventLog,
  { sessionId, headSeq, reader, signal }: ReadEventsOptions,
): AsyncGenerator<ChatEvent, void, void> {
  let targetSeq = headSeq
  let isLive = false
  let coalescer: DeltaCoalescer | null = null
  while (!signal.aborted) {
    if (!coalescer) {
      targetSeq = Math.max(targetSeq, log.latestSeq(sessionId))
      if (targetSeq - reader.cursor > coalesceThresholdEvents) coalescer = new DeltaCoalescer()
    }
    // Of many who begin to catch up at once, each reads in a turn of its own.
    if (reader.cursor < headSeq && turnScheduler.mustWaitToStart()) await turnScheduler.wait()
    const page = await log.read({ sessionId, after: reader.cursor, limit: pageSize })
    const committedAt = isLive ? log.findCommitTime(sessionId) : null
    for (const event of page) {
      // Those who read what has long been stored take turns. Tokens that come now do not stand in line behind them.
      if (event.seq <= headSeq && turnScheduler.mustWait()) await turnScheduler.wait()
      reader.cursor = event.seq
      if (!coalescer) yield event
      else yield* coalescer.push(event).map(toDeliveredEvent)
    }
    // The transport asks for more when it has sent what it was given.
    if (committedAt !== null && page.length > 0) log.onDelivered(committedAt)
    isLive = false
    if (coalescer) {
      if (page.length === 0 || reader.cursor >= targetSeq) {
        yield* coalescer.flush().map(toDeliveredEvent)
        targetSeq = reader.cursor
        coalescer = null
      }
      await yieldToEventLoop()
    } else if (page.length === 0) {
      if (!(await log.waitForMore(sessionId, reader, signal))) return
      isLive = true
    }
  }
}

/** A coalesced event with the seq that the reader is to store as its cursor. */
function toDeliveredEvent({ event, cursor }: CoalescedEvent): ChatEvent {
  return { ...event, seq: cursor }
}
