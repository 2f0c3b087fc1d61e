import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../src/agent/agent.ts'
import { deltaText, isDelta } from '../../src/chat/deltas.ts'
import { fold } from '../../src/chat/fold.ts'
import { LogMerging } from '../../src/chat/log-merging.ts'
import { newSession } from '../../src/sessions/sessions.ts'
import type { ChatStore } from '../../src/storage/chat-store.ts'
import type { ChatEvent, MessageRecord, SessionRecord, StreamRecord } from '../../src/storage/records.ts'
import { ProfileDatabase } from '../../src/storage/sqlite/database.ts'
import { SqliteChatStore } from '../../src/storage/sqlite/sqlite-chat-store.ts'
import { countingEnvironment, newStream, numbered, play, userMessage } from '../support/generators.ts'
import { newFolder } from '../support/segue.ts'
import { until } from '../support/until.ts'

const frame = { position: 3, model: 'test/model' }
const env = countingEnvironment()

let home: string
let database: ProfileDatabase
let store: SqliteChatStore
let session: SessionRecord
const problems: unknown[] = []

beforeEach(async () => {
  home = newFolder()
  database = new ProfileDatabase(join(home, 'segue.db'))
  store = new SqliteChatStore(database)
  session = newSession({ profile: 'default', title: null, model: null, parentId: null, at: 0 })
  await store.createSession(session)
})

afterEach(() => {
  database.close()
  rmSync(home, { recursive: true, force: true })
  expect(problems.splice(0)).toEqual([])
})

const onProblem = (error: unknown): void => void problems.push(error)

/** Stores a whole answer at the end of the session's log, one event a delta, and returns its stream. */
async function stored(events: readonly AgentEvent[], id = 'stream-0'): Promise<StreamRecord> {
  const head = (await log()).at(-1)?.seq ?? 0
  const stream = newStream({ id, sessionId: session.id, userMessageId: `question of ${id}`, firstSeq: head + 1 })
  const { turn, drafts } = play(events, { status: 'COMPLETED' }, env, stream)
  const ended = { ...turn.stream, lastSeq: head + drafts.length }
  await store.append({
    sessionId: session.id,
    head,
    events: numbered(drafts, head),
    streams: [ended],
    messages: [userMessage(stream), ...(turn.answer ? [turn.answer] : [])],
  })
  return ended
}

async function log(after = 0): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for (;;) {
    const page = await store.events({ sessionId: session.id, after: events.at(-1)?.seq ?? after, limit: 1000 })
    if (page.length === 0) return events
    events.push(...page)
  }
}

function folded(events: readonly ChatEvent[], answer: MessageRecord | null = null): MessageRecord | null {
  return events.reduce((message, event) => fold(frame, message, event), answer)
}

/** Folds and sees to it that each delta finds what it goes on from. */
function foldedWithoutHoles(events: readonly ChatEvent[]): MessageRecord | null {
  let answer: MessageRecord | null = null
  for (const event of events) {
    if (isDelta(event)) {
      expect(event.partIndex).toBeLessThanOrEqual(answer?.parts.length ?? 0)
      const part = answer?.parts[event.partIndex]
      const text = part?.type === 'tool' ? part.call.argumentsText : part && 'text' in part ? part.text : ''
      expect(event.offset).toBeLessThanOrEqual(text.length)
    }
    answer = fold(frame, answer, event)
  }
  return answer
}

/** The store with something done before each change of a merge. */
function watched(before: (change: 'replace' | 'remove', seqs: readonly number[]) => void): ChatStore {
  return {
    createSession: (of) => store.createSession(of),
    append: (write) => store.append(write),
    events: (range) => store.events(range),
    stream: (id) => store.stream(id),
    streamOfKey: (key) => store.streamOfKey(key),
    activeStream: (id) => store.activeStream(id),
    unfinishedStreams: () => store.unfinishedStreams(),
    replaceEvent: async (event) => {
      before('replace', [event.seq])
      await store.replaceEvent(event)
    },
    removeEvents: async (id, seqs) => {
      before('remove', seqs)
      await store.removeEvents(id, seqs)
    },
  }
}

const words = (count: number, block = '1'): AgentEvent[] =>
  Array.from({ length: count }, (_, index) => ({ type: 'text', block, text: `${index} ` }))
const inTurns: AgentEvent[] = Array.from({ length: 10 }, (_, index): AgentEvent[] => [
  { type: 'tool-input', callId: '0', name: 'look', text: `a${index}` },
  { type: 'tool-input', callId: '1', name: 'look', text: `b${index}` },
]).flat()

async function merged(count: number): Promise<ChatEvent[]> {
  let events = await log()
  const look = (): boolean => {
    void log().then((now) => (events = now))
    return events.length <= count
  }
  await until(look, () => events.length)
  return events
}

describe('the log of a stream that has ended', () => {
  test('is merged by itself to one event a part, under the last seq of each, and folds to the same', async () => {
    const stream = await stored([...words(1200), { type: 'reasoning', block: '2', text: 'Hm' }, ...words(700, '3')])
    const before = await log()
    const merging = new LogMerging(store, onProblem)
    merging.schedule(stream)
    const after = await merged(5)
    expect(after.map(({ type }) => type)).toEqual([
      'StreamStarted',
      'TextDelta',
      'ReasoningDelta',
      'TextDelta',
      'StreamFinished',
    ])
    expect(after.map(({ seq }) => seq)).toEqual([1, 1201, 1202, 1902, 1903])
    expect(isDeepStrictEqual(folded(after), folded(before))).toBe(true)
    await merging.close()
  })

  test('yields the same text to a reader with any cursor', async () => {
    const stream = await stored([...words(30), ...inTurns, ...words(5, '2')])
    const before = await log()
    const merging = new LogMerging(store, onProblem)
    merging.schedule(stream)
    await merged(12)
    for (let cursor = 0; cursor <= before.length; cursor += 1) {
      const had = folded(before.slice(0, cursor))
      expect(isDeepStrictEqual(folded(await log(cursor), had), folded(before))).toBe(true)
    }
    await merging.close()
  })

  test('loses its deltas in slices of at most 500, each after the event that holds their text', async () => {
    const stream = await stored(words(1700))
    const changes: string[] = []
    const merging = new LogMerging(
      watched((change, seqs) => void changes.push(change === 'remove' ? `remove ${seqs.length}` : `replace ${seqs[0]}`)),
      onProblem,
    )
    merging.schedule(stream)
    await merged(3)
    expect(changes).toEqual(['replace 1701', 'remove 500', 'remove 500', 'remove 500', 'remove 199'])
    await merging.close()
  })

  test('is the only one that is touched', async () => {
    const stream = await stored(words(20))
    const other = await stored(words(20), 'stream-1')
    const before = (await log()).filter(({ streamId }) => streamId === other.id)
    const merging = new LogMerging(store, onProblem)
    merging.schedule(stream)
    const after = await merged(3 + before.length)
    expect(after.filter(({ streamId }) => streamId === other.id)).toEqual(before)
    await merging.close()
  })

  test('holds no event that is larger than one may be', async () => {
    const stream = await stored(Array.from({ length: 100 }, () => ({ type: 'text', block: '1', text: '😀'.repeat(1000) })))
    const before = await log()
    const merging = new LogMerging(store, onProblem)
    merging.schedule(stream)
    const after = await merged(2 + 4)
    for (const delta of after.filter(isDelta)) expect(deltaText(delta).length).toBeLessThanOrEqual(65_536)
    expect(isDeepStrictEqual(folded(after), folded(before))).toBe(true)
    await merging.close()
  })
})

describe('a merge that breaks off', () => {
  test('folds to the same, without a hole on the way, wherever it broke off', async () => {
    const events = [...words(1200), ...inTurns, ...words(600, '2')]
    // How many changes a merge makes in all is what the last round of the loop finds out.
    for (let last = 0, done = false; !done; last += 1) {
      const stream = await stored(events, `stream-${last}`)
      const mine = async (): Promise<ChatEvent[]> => (await log(stream.firstSeq - 1)).filter(({ streamId }) => streamId === stream.id)
      const before = await mine()
      let count = 0
      const broken = Promise.withResolvers<boolean>()
      const dying = watched(() => {
        count += 1
        if (count > last) throw new Error('the disk is gone')
      })
      const merging = new LogMerging(dying, () => broken.resolve(true))
      merging.schedule(stream)
      const settled = merged(0).catch(() => true)
      void settled
      done = !(await Promise.race([broken.promise, wholeMerge(mine)]))
      const after = await mine()
      expect(isDeepStrictEqual(foldedWithoutHoles(after), folded(before))).toBe(true)
      await merging.close()
    }
  })
})
