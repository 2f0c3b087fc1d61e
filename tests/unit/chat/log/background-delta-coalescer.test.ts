import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { getDeltaText, isDelta } from '../../../../src/model/fold/delta.ts'
import { toCanonicalPartsJson } from '../../../../src/model/fold/message-digest.ts'
import { foldMessage } from '../../../../src/model/fold/fold-message.ts'
import { BackgroundDeltaCoalescer } from '../../../../src/chat/log/background-delta-coalescer.ts'
import { DeltaCoalescer } from '../../../../src/chat/log/delta-coalescer.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import type { EventStore } from '../../../../src/storage/event-store.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { wrapStore } from '../../../support/storage/event-store.ts'
import {
  newCountingRuntime,
  newStream,
  assignSeqs,
  playTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'
import { newHome } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const answerBase = { position: 3, model: 'test/model' }
const runtime = newCountingRuntime()

let home: string
let database: SegueProfileDatabase
let store: SqliteEventStore
let session: SessionRecord
/** The seq of the newest event in the session's log. */
let head: number
const logger = new RecordingLogger()

beforeEach(async () => {
  head = 0
  changes.length = 0
  home = newHome()
  database = new SegueProfileDatabase(join(home, 'segue.db'))
  store = new SqliteEventStore(database)
  session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: 0 })
  await store.createSession({ session, messages: [] })
})

afterEach(() => {
  database.close()
  rmSync(home, { recursive: true, force: true })
  expect(logger.errors.splice(0)).toEqual([])
})

/** Appends an answer to the session's log, with one event per delta, and returns its stream. */
async function appendAnswer(events: readonly AgentEvent[], id = 'stream-0'): Promise<StreamRecord> {
  const stream = newStream({ id, sessionId: session.id, userMessageId: `question of ${id}`, firstSeq: head + 1 })
  const { turn, events: drafts } = playTurn(events, { status: 'COMPLETED' }, runtime, stream)
  const ended = { ...turn.stream, lastSeq: head + drafts.length }
  await store.append({
    sessionId: session.id,
    expectedHeadSeq: head,
    events: assignSeqs(drafts, head),
    streams: [ended],
    messages: [newUserMessage(stream), ...(turn.answer ? [turn.answer] : [])],
  })
  head += drafts.length
  return ended
}

async function log(after = 0): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for (;;) {
    const page = await store.readEvents({ sessionId: session.id, after: events.at(-1)?.seq ?? after, limit: 1000 })
    if (page.length === 0) return events
    events.push(...page)
  }
}

function folded(events: readonly ChatEvent[], answer: MessageRecord | null = null): MessageRecord | null {
  return events.reduce((message, event) => foldMessage(answerBase, message, event), answer)
}

/** Folds events, and expects each delta to continue its part. */
function foldedWithoutHoles(events: readonly ChatEvent[]): MessageRecord | null {
  let answer: MessageRecord | null = null
  for (const event of events) {
    if (isDelta(event)) {
      expect(event.partIndex).toBeLessThanOrEqual(answer?.parts.length ?? 0)
      const part = answer?.parts[event.partIndex]
      const text = part?.type === 'tool' ? part.call.argumentsText : part && 'text' in part ? part.text : ''
      expect(event.offset).toBeLessThanOrEqual(text.length)
    }
    answer = foldMessage(answerBase, answer, event)
  }
  return answer
}

function countEvents(): number {
  return database.prepare<[], { count: number }>('SELECT count(*) AS count FROM events').get()?.count ?? 0
}

/** The changes that the coalescer makes, in order. */
const changes: string[] = []

/** A store that records its changes. After `limit` changes, every further one throws. */
function watched(allowedChanges = Number.POSITIVE_INFINITY): EventStore {
  const change = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (changes.length >= allowedChanges) throw new Error('the disk is gone')
    await work()
    changes.push(what)
  }
  return wrapStore(store, {
    replaceEvent: (event) => change(`replace ${event.seq}`, () => store.replaceEvent(event)),
    // The store deletes in several transactions: each is a change.
    deleteEvents: async (id, seqs) => {
      const transaction = database.transaction.bind(database)
      const spy = vi.spyOn(database, 'transaction').mockImplementation((work) => {
        if (changes.length >= allowedChanges) throw new Error('the disk is gone')
        const before = countEvents()
        const result = transaction(work)
        changes.push(`remove ${before - countEvents()}`)
        return result
      })
      await store.deleteEvents(id, seqs).finally(() => spy.mockRestore())
    },
  })
}

/** A coalescer that starts without its delay. */
function startCoalescing(stream: StreamRecord, on = watched(), usedLogger = logger): BackgroundDeltaCoalescer {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const merging = new BackgroundDeltaCoalescer(on, usedLogger)
    merging.schedule(stream)
    vi.advanceTimersByTime(1000)
    return merging
  } finally {
    vi.useRealTimers()
  }
}

/** All changes that coalescing these events makes. */
function changesOf(events: readonly ChatEvent[]): string[] {
  const merger = new DeltaCoalescer()
  const all: string[] = []
  for (const { event, supersededSeqs: replaced } of [
    ...events.flatMap((each) => merger.push(each)),
    ...merger.flush(),
  ]) {
    if (replaced.length > 0) all.push(`replace ${event.seq}`)
    for (let left = replaced.length; left > 0; left -= 500) all.push(`remove ${Math.min(left, 500)}`)
  }
  return all
}

async function mergeAll(stream: StreamRecord): Promise<ChatEvent[]> {
  const wanted = changesOf((await log()).filter(({ streamId }) => streamId === stream.id))
  const merging = startCoalescing(stream)
  await waitUntil(
    () => changes.length >= wanted.length,
    () => changes,
  )
  await merging.close()
  return log()
}

const words = (count: number, block = '1'): AgentEvent[] =>
  Array.from({ length: count }, (_, index) => ({ type: 'text', block, text: `${index} ` }))
const inTurns: AgentEvent[] = Array.from({ length: 10 }, (_, index): AgentEvent[] => [
  { type: 'tool-input', callId: '0', name: 'look', text: `a${index}` },
  { type: 'tool-input', callId: '1', name: 'look', text: `b${index}` },
]).flat()

describe('the log of a finished stream', () => {
  test('is coalesced to one event per part, with the last seq of each, and folds to the same message', async () => {
    const stream = await appendAnswer([
      ...words(1200),
      { type: 'reasoning', block: '2', text: 'Hm' },
      ...words(700, '3'),
    ])
    const before = await log()
    const after = await mergeAll(stream)
    expect(after.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'StreamStarted'],
      [1201, 'TextDelta'],
      [1202, 'PartFinished'],
      [1203, 'ReasoningDelta'],
      [1204, 'PartFinished'],
      [1904, 'TextDelta'],
      [1905, 'PartFinished'],
      [1906, 'StreamFinished'],
    ])
    expect(isDeepStrictEqual(folded(after), folded(before))).toBe(true)
  })

  test('is coalesced within a second', async () => {
    const merging = new BackgroundDeltaCoalescer(watched(), logger)
    merging.schedule(await appendAnswer(words(20)))
    await waitUntil(() => changes.length === 2)
    expect((await log()).map(({ seq }) => seq)).toEqual([1, 21, 22, 23])
    await merging.close()
  })

  test('folds to the same text for a reader with any cursor', async () => {
    const stream = await appendAnswer([...words(30), ...inTurns, ...words(5, '2')])
    const before = await log()
    const after = await mergeAll(stream)
    expect(after.length).toBeLessThan(14)
    for (let cursor = 0; cursor <= before.length; cursor += 1) {
      const had = folded(before.slice(0, cursor))
      expect(isDeepStrictEqual(folded(await log(cursor), had), folded(before))).toBe(true)
    }
  })

  test('loses its deltas in batches of at most 500, after the event with their text is stored', async () => {
    await mergeAll(await appendAnswer(words(1700)))
    expect(changes).toEqual(['replace 1701', 'remove 500', 'remove 500', 'remove 500', 'remove 199'])
  })

  test('is the only one that changes', async () => {
    const stream = await appendAnswer(words(20))
    const other = await appendAnswer(words(20), 'stream-1')
    const ofOther = ({ streamId }: ChatEvent): boolean => streamId === other.id
    const before = (await log()).filter(ofOther)
    expect((await mergeAll(stream)).filter(ofOther)).toEqual(before)
  })

  test('holds no event above the size limit', async () => {
    const long: AgentEvent = { type: 'text', block: '1', text: '😀'.repeat(1000) }
    const stream = await appendAnswer(Array.from({ length: 100 }, () => long))
    const before = await log()
    const after = await mergeAll(stream)
    expect(after.filter(isDelta).length).toBe(4)
    for (const delta of after.filter(isDelta)) expect(getDeltaText(delta).length).toBeLessThanOrEqual(65_536)
    expect(isDeepStrictEqual(folded(after), folded(before))).toBe(true)
  })

  test('does not change if there is nothing to coalesce', async () => {
    const stream = await appendAnswer([])
    const before = await log()
    expect(await mergeAll(stream)).toEqual(before)
    expect(changes).toEqual([])
  })
})

describe('an interrupted coalescing', () => {
  const events = [...words(1100), ...inTurns, ...words(20, '2')]

  test('leaves a log that folds to the same message, without gaps, wherever it stops', async () => {
    const first = await appendAnswer(events)
    const before = await log()
    const all = changesOf(before)
    expect(all.length).toBeGreaterThan(6)
    for (let allowedChanges = 0; allowedChanges <= all.length; allowedChanges += 1) {
      const stream = allowedChanges === 0 ? first : await appendAnswer(events, `stream-${allowedChanges}`)
      const readOwnEvents = async (): Promise<ChatEvent[]> =>
        (await log(stream.firstSeq - 1)).filter(({ streamId }) => streamId === stream.id)
      const expected = folded(await readOwnEvents())
      changes.length = 0
      const failures = new RecordingLogger()
      const merging = startCoalescing(stream, watched(allowedChanges), failures)
      await waitUntil(() => failures.errors.length > 0 || changes.length === all.length)
      expect(changes.length).toBe(allowedChanges)
      const left = await readOwnEvents()
      expect(isDeepStrictEqual(foldedWithoutHoles(left), expected)).toBe(true)
      for (const from of [1, 300, 900, 1099, 1105, 1120, 1130]) {
        const had = folded(before.slice(0, from))
        const rest = left.filter(({ seq }) => seq >= stream.firstSeq + from)
        expect(toCanonicalPartsJson(folded(rest, had)?.parts ?? [])).toBe(toCanonicalPartsJson(expected?.parts ?? []))
      }
      await merging.close()
    }
  })

  test('can be repeated and completed', async () => {
    const stream = await appendAnswer(events)
    const expected = folded(await log())
    const failures = new RecordingLogger()
    const merging = startCoalescing(stream, watched(2), failures)
    await waitUntil(() => failures.errors.length > 0)
    await merging.close()
    changes.length = 0
    expect(isDeepStrictEqual(folded(await mergeAll(stream)), expected)).toBe(true)
  })

  test('does not prevent that of the next stream', async () => {
    const stream = await appendAnswer(words(20))
    const next = await appendAnswer(words(20), 'stream-1')
    const failures = new RecordingLogger()
    let broken = true
    const healthy = watched()
    const once: EventStore = {
      ...healthy,
      replaceEvent: async (event) => {
        if (broken) {
          broken = false
          throw new Error('the disk is gone')
        }
        await healthy.replaceEvent(event)
      },
    }
    const merging = startCoalescing(stream, once, failures)
    merging.schedule(next)
    await waitUntil(() => changes.length === 2)
    expect(failures.errors.length).toBe(1)
    expect((await log(next.firstSeq - 1)).map(({ type }) => type)).toEqual([
      'StreamStarted',
      'TextDelta',
      'PartFinished',
      'StreamFinished',
    ])
    await merging.close()
  })

  test('by a server stop leaves streams that have not started as they are', async () => {
    const stream = await appendAnswer(words(20))
    const before = await log()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const merging = new BackgroundDeltaCoalescer(watched(), logger)
      merging.schedule(stream)
      await merging.close()
      merging.schedule(stream)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
    expect(await log()).toEqual(before)
  })
})
