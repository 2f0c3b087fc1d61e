import type { ChatEvent, StreamRecord } from '../storage/records.ts'
import type { ChatLog } from './chat-log.ts'

const pageSize = 256 // events read at once

/**
 * The events of one stream after a seq, live ones included, up to its end. A cursor behind its end completes at once.
 * Nothing is held for a reader but its cursor; leaving does not touch the stream.
 */
export function followStream(log: ChatLog, stream: StreamRecord, after: number): AsyncIterableIterator<ChatEvent> {
  const isEnd = (event: ChatEvent): boolean => event.type === 'StreamFinished' && event.streamId === stream.id
  if (stream.finishedAt !== null && after >= stream.lastSeq) return empty()
  const cursor = Math.max(after, stream.firstSeq - 1)
  return abortable((signal) => follow(log, stream.sessionId, stream.id, cursor, isEnd, signal))
}

async function* follow(
  log: ChatLog,
  sessionId: string,
  streamId: string,
  after: number,
  isEnd: (event: ChatEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, void> {
  let cursor = after
  while (!signal.aborted) {
    const events = await log.read({ sessionId, after: cursor, limit: pageSize })
    for (const event of events) {
      cursor = event.seq
      if (event.streamId !== streamId) continue
      yield event
      if (isEnd(event)) return
    }
    if (events.length === 0) await log.more(sessionId, cursor, signal)
  }
}

/** A generator whose `return` is heard while it waits: a plain one would hear it only after its next value. */
function abortable<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void, void>): AsyncIterableIterator<T> {
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

function empty<T>(): AsyncIterableIterator<T> {
  return abortable(async function* () {})
}
