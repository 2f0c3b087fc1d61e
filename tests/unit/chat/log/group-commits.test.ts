import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CommitScheduler } from '../../../../src/chat/log/commit-scheduler.ts'
import { GroupCommitter } from '../../../../src/chat/log/group-committer.ts'
import type { AppendRequest } from '../../../../src/storage/event-store.ts'
import { FencingError } from '../../../../src/storage/errors.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { newHome } from '../../../support/server/segue.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'
import { deltaOf, sessionOf, streamOf } from '../../storage/contract/records.ts'

/** Streams in a database, each with the append of one delta. */
async function newStreams(count: number) {
  const statements = recordSql()
  const database = new SegueProfileDatabase(join(newHome(), 'segue.db'))
  onTestFinished(() => database.close())
  const store = new SqliteEventStore(database)
  const appends: AppendRequest[] = []
  for (let index = 0; index < count; index += 1) {
    const session = sessionOf()
    const stream = streamOf(session)
    await store.createSession({ session, messages: [] })
    await store.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [stream] })
    appends.push({
      sessionId: session.id,
      expectedHeadSeq: 0,
      fences: [{ streamId: stream.id, generation: stream.generation, lastSeq: 1 }],
      events: [deltaOf(stream, 1)],
      contextSize: null,
    })
  }
  statements.length = 0
  const durations: number[] = []
  const committer = new GroupCommitter(store, (durationMs) => durations.push(durationMs))
  return { statements, store, appends, committer, durations }
}

const settle = (promises: readonly Promise<void>[]) => Promise.allSettled(promises)

test('The deltas of all streams that arrive in one turn of the event loop are one transaction, with three statements each', async () => {
  const { statements, store, appends, committer, durations } = await newStreams(10)
  await Promise.all(appends.map((append) => committer.append([append])))
  const texts = statements.map(({ sql }) => sql)
  expect(texts.filter((sql) => /^(BEGIN|COMMIT)/.test(sql))).toHaveLength(2)
  expect(texts.filter((sql) => /^(INSERT|UPDATE|DELETE)/.test(sql))).toHaveLength(3 * 10)
  expect(durations).toHaveLength(1)
  const { sessionId = '', fences: [fence] = [] } = appends[0] ?? {}
  expect(await store.loadHeadSeq(sessionId)).toBe(1)
  expect((await store.findStream(fence?.streamId ?? ''))?.lastSeq).toBe(1)
})

test('What changes more than text is committed in the same turn, with the deltas that wait', async () => {
  const { appends, committer, durations, store } = await newStreams(2)
  const [delta, end] = appends
  if (!delta || !end) throw new Error('There are two streams.')
  let isNextTurn = false
  setImmediate(() => (isNextTurn = true))
  const waiting = committer.append([delta])
  await committer.append([{ ...end, events: [] }])
  await waiting
  expect(isNextTurn).toBe(false)
  expect(durations).toHaveLength(1)
  expect(await store.loadHeadSeq(delta.sessionId)).toBe(1)
})

test('An append that is refused fails alone', async () => {
  const { store, appends, committer } = await newStreams(3)
  const [first, second, third] = appends
  if (!first || !second || !third) throw new Error('There are three streams.')
  const late = { ...second, fences: second.fences?.map((fence) => ({ ...fence, generation: 9 })) ?? [] }
  const results = await settle([first, late, third].map((append) => committer.append([append])))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(results[1]).toMatchObject({ reason: expect.any(FencingError) })
  const heads = await Promise.all([first, second, third].map(({ sessionId }) => store.loadHeadSeq(sessionId)))
  expect(heads).toEqual([1, 0, 1])
})

test('A transaction holds a limited number of appends, and a limited length of text', async () => {
  const { appends, committer, durations } = await newStreams(65)
  await Promise.all(appends.map((append) => committer.append([append])))
  expect(durations).toHaveLength(2)
  durations.length = 0
  const toLong = (append: AppendRequest): AppendRequest => ({
    ...append,
    expectedHeadSeq: 1,
    events: append.events.map((event) => Object.assign({}, event, { seq: 2, text: 'x'.repeat(200_000) })),
  })
  const long = appends.slice(0, 3).map(toLong)
  await Promise.all(long.map((append) => committer.append([append])))
  expect(durations).toHaveLength(3)
})

test('Streams that wait for the next commit commit at the same time, and at once after a pause', async () => {
  const scheduler = new CommitScheduler()
  const commits: string[] = []
  const { promise: isDue, resolve } = Promise.withResolvers<void>()
  const [one, two, three] = ['one', 'two', 'three'].map((name) => () => {
    commits.push(name)
    if (name === 'two') resolve()
  })
  if (!one || !two || !three) throw new Error('There are three streams.')
  scheduler.schedule(one)
  expect(commits).toEqual(['one'])
  // A slow disk.
  scheduler.onCommitted(1000)
  for (const commit of [one, one, three, two]) scheduler.schedule(commit)
  scheduler.cancel(three)
  expect(commits).toEqual(['one'])
  await isDue
  expect(commits).toEqual(['one', 'one', 'two'])
})
