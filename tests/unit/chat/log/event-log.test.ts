import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EventLog } from '../../../../src/chat/log/event-log.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import { FencingError, LogVersionConflictError } from '../../../../src/storage/errors.ts'
import type { EventRange } from '../../../../src/storage/event-store.ts'

const sessionId = 'session_1'

function newDelta(seq: number, text: string): ChatEvent {
  return {
    type: 'TextDelta',
    seq,
    at: 0,
    sessionId,
    streamId: 'stream_1',
    messageId: 'message_1',
    partIndex: 0,
    offset: 0,
    text,
  }
}

interface LogFixture {
  readonly log: EventLog
  /** The reads that reached the store. */
  readonly storeReads: EventRange[]
  append(...events: readonly ChatEvent[]): Promise<void>
  /** As another process does. */
  appendElsewhere(...events: readonly ChatEvent[]): void
  /** As another process does whose notification has not come yet. */
  appendSilently(...events: readonly ChatEvent[]): void
  /** Any session may have been appended to elsewhere. Resolves when the log has looked. */
  tellOfAny(): Promise<void>
  /** Appends do not end until they fail with the error that the returned function is given. */
  holdAppend(): (error: Error) => void
  read(after: number, limit?: number): Promise<number[]>
}

/** A log on a store that keeps its events in an array. */
function newLogFixture(): LogFixture {
  const stored: ChatEvent[] = []
  const storeReads: EventRange[] = []
  let held: Promise<void> | null = null
  let tellOfForeignAppend = (_sessionId: string | null): void => undefined
  const log = new EventLog({
    appendAll: async (requests) => {
      await held
      const events = requests.flatMap((request) => request.events)
      if (events[0] && events[0].seq <= stored.length) throw new LogVersionConflictError('The log has gone on.')
      stored.push(...events)
    },
    readEvents: async (range) => {
      storeReads.push(range)
      return stored.filter(({ seq }) => seq > range.after).slice(0, range.limit)
    },
    loadHeadSeq: async () => stored.at(-1)?.seq ?? 0,
    onForeignAppend: (listener) => (tellOfForeignAppend = listener),
  })
  return {
    log,
    storeReads,
    appendElsewhere: (...events) => {
      stored.push(...events)
      tellOfForeignAppend(sessionId)
    },
    appendSilently: (...events) => void stored.push(...events),
    tellOfAny: async () => {
      tellOfForeignAppend(null)
      await nextTurn()
    },
    holdAppend: () => {
      const { promise, reject } = Promise.withResolvers<void>()
      // The committer may begin the append after it was told to fail.
      promise.catch(() => undefined)
      held = promise
      return reject
    },
    append: (...events) => log.append({ sessionId, expectedHeadSeq: stored.length, events }),
    read: async (after, limit = 1000) => (await log.read({ sessionId, after, limit })).map(({ seq }) => seq),
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('an append that another process was faster than is told of that before the notification comes', async () => {
  const { log, append, appendSilently, read } = newLogFixture()
  using reader = log.openReader(sessionId)
  await append(newDelta(1, 'a'))
  expect(await read(0)).toEqual([1])
  reader.cursor = 1
  appendSilently(newDelta(2, 'b'))
  await expect(append(newDelta(2, 'c'))).rejects.toThrow(LogVersionConflictError)
  expect(await log.loadHeadSeq(sessionId)).toBe(2)
  expect(await read(0)).toEqual([1, 2])
})

test('what another process has appended while an append that fails was in progress wakes those who wait', async () => {
  const { log, append, appendElsewhere, holdAppend, read } = newLogFixture()
  using reader = log.openReader(sessionId)
  reader.cursor = 0
  const fail = holdAppend()
  const failing = append(newDelta(1, 'a'))
  failing.catch(() => undefined)
  const waiting = log.waitForMore(sessionId, reader, new AbortController().signal)
  appendElsewhere(newDelta(1, 'b'))
  expect(await waiting).toBe(true)
  expect(await read(0)).toEqual([])
  const waitingAgain = log.waitForMore(sessionId, reader, new AbortController().signal)
  await log.loadHeadSeq(sessionId)
  fail(new FencingError('str_1'))
  await expect(failing).rejects.toThrow(FencingError)
  expect(await waitingAgain).toBe(true)
  expect(await read(0)).toEqual([1])
})

test('what another process appends wakes those who wait, and is read from the store', async () => {
  const { log, append, appendElsewhere, read } = newLogFixture()
  await append(newDelta(1, 'a'))
  const { signal } = new AbortController()
  const waiting = log.waitForMore(sessionId, { cursor: 1, subscribers: 1 }, signal)
  appendElsewhere(newDelta(2, 'b'))
  expect(await waiting).toBe(true)
  expect(await read(1)).toEqual([2])
  await append(newDelta(3, 'c'))
  expect(await read(0)).toEqual([1, 2, 3])
})

test('when another process may have appended to any session, only those are woken who have something to read', async () => {
  const { log, append, appendSilently, tellOfAny, read, storeReads } = newLogFixture()
  await append(newDelta(1, 'a'))
  const { signal } = new AbortController()
  const waiting = log.waitForMore(sessionId, { cursor: 1, subscribers: 1 }, signal)
  await tellOfAny()
  expect(log.stats.waiting).toBe(1)
  expect(await read(0)).toEqual([1])
  expect(storeReads).toEqual([])
  appendSilently(newDelta(2, 'b'))
  await tellOfAny()
  expect(await waiting).toBe(true)
  expect(await read(0)).toEqual([1, 2])
})

test('readers are told that an event cannot be saved until this or another process has saved one', async () => {
  const { log, append, appendElsewhere, appendSilently, tellOfAny, read } = newLogFixture()
  await append(newDelta(1, 'a'))
  const { signal } = new AbortController()
  const waitAfter = (cursor: number) => log.waitForMore(sessionId, { cursor, subscribers: 1 }, signal)
  const failure = new Error('The disk is full.')
  const waiting = waitAfter(1)
  log.interruptReaders(sessionId, failure, 1)
  await expect(waiting).rejects.toBe(failure)
  await tellOfAny()
  await expect(waitAfter(1)).rejects.toBe(failure)
  expect(await waitAfter(0)).toBe(true)
  appendElsewhere(newDelta(2, 'b'))
  expect(await waitAfter(1)).toBe(true)
  expect(await read(1)).toEqual([2])
  log.interruptReaders(sessionId, failure, 2)
  await expect(waitAfter(2)).rejects.toBe(failure)
  appendSilently({ ...newDelta(3, ''), type: 'SessionChanged' })
  await tellOfAny()
  expect(log.stats.sessions).toBe(0)
  const waitingAgain = waitAfter(3)
  await append(newDelta(4, 'c'))
  expect(await waitingAgain).toBe(true)
  log.interruptReaders(sessionId, failure, 4)
  await append(newDelta(5, 'd'))
  const waitingForNext = waitAfter(5)
  await append(newDelta(6, 'e'))
  expect(await waitingForNext).toBe(true)
})

describe('the tail of a log', () => {
  test('serves readers that keep up without the store', async () => {
    const { log, append, read, storeReads } = newLogFixture()
    await append(newDelta(1, 'a'), newDelta(2, 'b'))
    await append(newDelta(3, 'c'))
    expect(await read(0)).toEqual([1, 2, 3])
    expect(await read(1, 1)).toEqual([2])
    expect(await read(3)).toEqual([])
    expect(log.latestSeq(sessionId)).toBe(3)
    expect(storeReads).toEqual([])
  })

  test('holds the newest 256 events; older ones come from the store', async () => {
    const { append, read, storeReads } = newLogFixture()
    for (const seq of range(1, 300)) await append(newDelta(seq, 'a'))
    expect(await read(44)).toEqual(range(45, 300))
    expect(storeReads).toEqual([])
    expect(await read(43)).toEqual(range(44, 300))
    expect(storeReads).toHaveLength(1)
  })

  test('holds the newest 256 events of a batch that is larger', async () => {
    const { append, read, storeReads } = newLogFixture()
    await append(...range(1, 1000).map((seq) => newDelta(seq, 'a')))
    expect(await read(744)).toEqual(range(745, 1000))
    expect(storeReads).toEqual([])
    expect(await read(743)).toEqual(range(744, 1000))
    expect(storeReads).toHaveLength(1)
  })

  test('drops old events once the newer ones hold 1,048,576 code units', async () => {
    const { append, read, storeReads } = newLogFixture()
    const megabyte = 'a'.repeat(1_048_576)
    await append(newDelta(1, 'a'), newDelta(2, megabyte.slice(1)))
    expect(await read(0)).toEqual([1, 2])
    await append(newDelta(3, 'a'))
    expect(await read(1)).toEqual([2, 3])
    expect(storeReads).toEqual([])
    expect(await read(0)).toEqual([1, 2, 3])
    expect(storeReads).toHaveLength(1)
    // One event that exceeds the limit by itself stays: readers wait for it.
    await append(newDelta(4, megabyte.repeat(2)))
    expect(await read(3)).toEqual([4])
    expect(storeReads).toHaveLength(1)
    expect(await read(2)).toEqual([3, 4])
    expect(storeReads).toHaveLength(2)
    await append(newDelta(5, 'a'), newDelta(6, 'a'))
    expect(await read(3)).toEqual([4, 5, 6])
    expect(storeReads).toHaveLength(2)
  })

  test('measures each event once, however many are appended after it', async () => {
    const { append } = newLogFixture()
    let reads = 0
    await append({
      ...newDelta(1, ''),
      type: 'TextDelta',
      messageId: 'message_1',
      partIndex: 0,
      offset: 0,
      get text() {
        reads += 1
        return 'a'
      },
    })
    for (const seq of range(2, 400)) await append(newDelta(seq, 'a'))
    expect(reads).toBe(1)
  })
})
