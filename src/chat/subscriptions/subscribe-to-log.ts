import { setImmediate as breathe } from 'node:timers/promises'
import type { ChatEvent, Delivered, MessageRecord, StreamRecord, StreamReset } from '../../model/records.ts'
import type { ChatLog } from '../log/event-log.ts'
import { type Merged, Merger } from '../log/delta-coalescer.ts'

const pageSize = 256 // events read at once
/** A reader that is further behind than this gets merged deltas. */
const farBehind = 256 // events

export interface Followed {
  readonly sessionId: string
  /** The one stream that is followed, or all of the session's. */
  readonly stream: StreamRecord | null
  /** The session is kept here: its log may grow, or be removed, which ends the following. */
  readonly isKept: boolean
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
export function follow(log: ChatLog, followed: Followed, after: number): AsyncIterableIterator<Delivered> {
  return abortable((signal) => deliver(log, followed, after, signal))
}

/** Whether a cursor has all of a stream behind it, so that following it would complete at once. */
export function isBehind(stream: StreamRecord, headSeq: number, after: number): boolean {
  return stream.finishedAt !== null && after >= stream.lastSeq && after <= headSeq
}

async function* deliver(
  log: ChatLog,
  { sessionId, stream, isKept, headSeq, snapshot }: Followed,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Delivered, void, void> {
  if (stream && isBehind(stream, headSeq, after)) return
  let cursor = Math.max(after, (stream?.firstSeq ?? 1) - 1)
  if (after > headSeq) {
    const reset = resetOf(sessionId, stream, await snapshot())
    cursor = reset.seq
    yield reset
  }
  if (!isKept) return aborted(signal)
  for await (const event of events(log, sessionId, cursor, headSeq, signal)) {
    if (stream && event.streamId !== stream.id) continue
    yield event
    if (event.type === 'StreamFinished' && event.streamId === stream?.id) return
  }
}

function resetOf(sessionId: string, stream: StreamRecord | null, { seq, message }: Snapshot): StreamReset {
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
async function* events(
  log: ChatLog,
  sessionId: string,
  after: number,
  headSeq: number,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, void> {
  let cursor = after
  let goal = headSeq
  let merger: Merger | null = null
  while (!signal.aborted) {
    if (!merger) {
      goal = Math.max(goal, log.newestSeq(sessionId))
      if (goal - cursor > farBehind) merger = new Merger()
    }
    const page = await log.read({ sessionId, after: cursor, limit: pageSize })
    for (const event of page) {
      cursor = event.seq
      if (!merger) yield event
      else yield* merger.push(event).map(told)
    }
    if (merger) {
      if (page.length === 0 || cursor >= goal) {
        yield* merger.flush().map(told)
        goal = cursor
        merger = null
      }
      await breathe()
    } else if (page.length === 0) {
      if (!(await log.more(sessionId, cursor, signal))) return
    }
  }
}

/** A merged event as a reader is told of it, whose cursor is the seq of what it was told last. */
function told({ event, cursor }: Merged): ChatEvent {
  return { ...event, seq: cursor }
}

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (!signal.aborted) await promise
}

/** A generator whose `return` is heard while it waits: a plain one would hear it only after its next value. */
export function abortable<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void, void>): AsyncIterableIterator<T> {
  const controller = new AbortController()
  const generator = start(controller.signal)
  return {
    next: () => generator.next(),
    return: () => {
      controller.abort()
      return generator.return()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
