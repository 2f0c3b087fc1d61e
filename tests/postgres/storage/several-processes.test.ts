import { expect, test } from 'vitest'
import type { SegueStorage } from '../../../src/storage/profile-storage.ts'
import { FencingError, LogVersionConflictError } from '../../../src/storage/errors.ts'
import type { AppendRequest } from '../../../src/storage/event-store.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import type { PostgresInstallation } from '../../../src/storage/postgres/postgres-installation.ts'
import { startManualJobRun } from '../../../src/jobs/job-state.ts'
import { newRunIds, newTestJob } from '../../support/jobs/job-fixtures.ts'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { runSql, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { approvalOf, deltaOf, sessionOf, streamOf } from '../../unit/storage/contract/records.ts'

const never = new AbortController().signal
const lease = { durationMs: 300, renewalIntervalMs: 50 }

const openWork = (installation: PostgresInstallation): SegueStorage => installation.openStorage({ profile: 'work' })

/** The storage of one profile in several processes. */
async function openProcesses(count: number, options: Parameters<typeof openTestInstallation>[1] = {}) {
  const url = await useTestDatabase()
  const installations = await Promise.all(Array.from({ length: count }, () => openTestInstallation(url, options)))
  return { url, installations, storages: installations.map(openWork) }
}

async function addRunningStream({ eventStore }: SegueStorage) {
  const session = sessionOf()
  const stream = streamOf(session)
  await eventStore.createSession({ session, messages: [newTextMessage(session.id, 'Hello', 2)] })
  await eventStore.append({
    sessionId: session.id,
    expectedHeadSeq: 0,
    events: [deltaOf(stream, 1)],
    streams: [stream],
  })
  return { session, stream, fence: { streamId: stream.id, generation: stream.generation } }
}

function requireAll<Item>(items: readonly Item[]): readonly [Item, Item] {
  const [first, second] = items
  if (!first || !second) throw new Error('There are fewer than two.')
  return [first, second]
}

test.each([
  ['by a notification', {}],
  // Nothing listens there.
  ['by looking, where no notification arrives', { listenUrl: 'postgres://segue@127.0.0.1:9/segue' }],
])('a decision of one process wakes those who wait in another: %s', async (_, options) => {
  const [here, there] = requireAll((await openProcesses(2, options)).storages)
  const { session } = await addRunningStream(here)
  const { version } = there.changes.decisions
  const decision = approvalOf(session)
  await here.eventStore.append({ sessionId: session.id, expectedHeadSeq: 1, events: [], decisions: [decision] })
  let seen = await there.decisions.findDecision(decision.id)
  for (let since = version; !seen; since = there.changes.decisions.version) {
    await there.changes.decisions.wait(since, never)
    seen = await there.decisions.findDecision(decision.id)
  }
  await there.changes.decisions.wait(version, never)
  expect(seen).toEqual(decision)
})

test.each([
  ['beside one that another process has started', { status: 'RUNNING' }, {}],
  ['in a session that another process has ended', { status: 'COMPLETED' }, { endedAt: 5_000, endReason: 'closed' }],
] as const)('no stream starts %s, even if the writer knows where the log ends', async (_, first, sessionPatch) => {
  const [here, there] = requireAll((await openProcesses(2)).storages)
  const session = sessionOf()
  await here.eventStore.createSession({ session, messages: [] })
  const start = (seq: number, stream: StreamRecord): AppendRequest => {
    const { sessionId, id: streamId, userMessageId } = stream
    const event: ChatEvent = { type: 'StreamStarted', seq, at: 1_000, sessionId, streamId, stream, userMessageId }
    return { sessionId, expectedHeadSeq: seq - 1, events: [event], streams: [stream] }
  }
  await there.eventStore.append({ ...start(1, streamOf(session, first)), sessionPatch })
  await expect(here.eventStore.append(start(2, streamOf(session)))).rejects.toThrow(LogVersionConflictError)
  expect(await here.eventStore.loadHeadSeq(session.id)).toBe(1)
})

test.each([
  ['in which another process runs a stream', { status: 'RUNNING' }],
  ['in which another process has run a stream since it was summarised', { status: 'COMPLETED' }],
] as const)('no session is continued %s', async (_, overrides) => {
  const [here, there] = requireAll((await openProcesses(2)).storages)
  const session = sessionOf()
  await here.eventStore.createSession({ session, messages: [] })
  const stream = streamOf(session, { ...overrides, firstSeq: 1 })
  const write = { sessionId: session.id, expectedHeadSeq: 0, events: [deltaOf(stream, 1)] }
  await there.eventStore.append({ ...write, streams: [stream] })
  const continuation = { session: sessionOf({ parentId: session.id }), messages: [] }
  const end = { ...write, expectedHeadSeq: 1, events: [deltaOf(stream, 2)], continuation }
  await expect(here.eventStore.append({ ...end, composedAtSeq: 0 })).rejects.toThrow(LogVersionConflictError)
  expect(await here.segueSessions.findSessions([continuation.session.id])).toEqual([])
})

test('nothing is added to the log of a session that another process has continued, but its row can be changed', async () => {
  const [here, there] = requireAll((await openProcesses(2)).storages)
  const session = sessionOf()
  await here.eventStore.createSession({ session, messages: [] })
  const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
  await there.eventStore.append({ ...write, sessionPatch: { endedAt: 5_000, endReason: 'compression' } })
  const event = deltaOf(streamOf(session), 1)
  await expect(here.eventStore.append({ ...write, events: [event] })).rejects.toThrow(LogVersionConflictError)
  await here.eventStore.append({ ...write, sessionPatch: { model: 'a/b' } })
  expect(await here.segueSessions.findSessions([session.id])).toMatchObject([{ model: 'a/b', headSeq: 0 }])
})

test('a writer is refused if another process has written to the session', async () => {
  const [here, there] = requireAll((await openProcesses(2)).storages)
  const { session } = await addRunningStream(here)
  const write = { sessionId: session.id, expectedHeadSeq: 1, events: [] }
  const results = await Promise.allSettled(
    [here, there, here, there].map(({ eventStore }, index) =>
      eventStore.append({ ...write, events: [deltaOf(streamOf(session), 2, `${index}`)] }),
    ),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await here.eventStore.loadHeadSeq(session.id)).toBe(2)
})

test('the streams of a process that lives are its own', async () => {
  const [here, there] = requireAll((await openProcesses(2)).storages)
  const { session, stream, fence } = await addRunningStream(here)
  expect(await there.eventStore.claimOrphanedStreams()).toEqual([])
  const write = { sessionId: session.id, expectedHeadSeq: 1, events: [deltaOf(stream, 2)], fences: [fence] }
  await expect(there.eventStore.append(write)).rejects.toBeInstanceOf(FencingError)
  await here.eventStore.append(write)
})

test('when a process ends, the others learn of the streams that it leaves, and one of them gets each', async () => {
  const { url, storages } = await openProcesses(2, { lease: { renewalIntervalMs: 50 } })
  const [here, there] = requireAll(storages)
  const ending = await openTestInstallation(url)
  const { stream } = await addRunningStream(openWork(ending))
  const { version } = here.changes.orphans
  await ending.close()
  await here.changes.orphans.wait(version, never)
  const claims = await Promise.all([here, there, here].map(({ eventStore }) => eventStore.claimOrphanedStreams()))
  expect(claims.flat()).toEqual([stream])
})

test('a queued stream that has lost its process goes to the one that runs another stream of its session', async () => {
  const { url, storages } = await openProcesses(2)
  const [here, there] = requireAll(storages)
  const { session } = await addRunningStream(here)
  const queued = streamOf(session, { status: 'QUEUED', firstSeq: 2 })
  await here.eventStore.append({ sessionId: session.id, expectedHeadSeq: 1, events: [], streams: [queued] })
  // As if its process had queued it after the others were taken over.
  await runSql(url, `UPDATE segue.streams SET owner = 0 WHERE id = '${queued.id}'`)
  expect(await there.eventStore.claimOrphanedStreams()).toEqual([])
  expect(await here.eventStore.claimOrphanedStreams()).toEqual([queued])
})

test("a run of a job is its own process's until that ends", async () => {
  const { url, storages } = await openProcesses(1)
  const [here] = storages
  const ending = await openTestInstallation(url)
  const there = await openWork(ending)
  const job = newTestJob(1_000)
  const started = startManualJobRun(job, 2_000, newRunIds())
  await there.jobs.commit({ job })
  await there.jobs.commit(started)
  expect(await here?.jobs.claimOrphanedRuns()).toEqual([])
  await ending.close()
  expect(await here?.jobs.claimOrphanedRuns()).toEqual([started.run])
  expect(await here?.jobs.claimOrphanedRuns()).toEqual([])
})

test('a process that was cut off for longer than its lease can write nothing more of its streams', async () => {
  const url = await useTestDatabase()
  // It does not renew its lease.
  const cutOff = openWork(await openTestInstallation(url, { lease: { durationMs: 1, renewalIntervalMs: 2 ** 30 } }))
  const { session, stream, fence } = await addRunningStream(cutOff)
  const other = openWork(await openTestInstallation(url, { lease }))
  await other.changes.orphans.wait(0, never)
  expect(await other.eventStore.claimOrphanedStreams()).toEqual([stream])
  const write = { sessionId: session.id, expectedHeadSeq: 1, events: [deltaOf(stream, 2)], fences: [fence] }
  await expect(cutOff.eventStore.append(write)).rejects.toBeInstanceOf(FencingError)
  await other.eventStore.append(write)
  expect(await other.eventStore.loadHeadSeq(session.id)).toBe(2)
})

test('a process learns that another one has deleted a profile, also by a write that comes before it is told', async () => {
  const { url, installations, storages } = await openProcesses(2)
  const [first, second] = installations
  await storages[0]?.eventStore.createSession({ session: sessionOf(), messages: [] })
  const told = new Promise((resolve) => first?.onProfileDeleted(resolve))
  await second?.trashProfile('work')
  expect(await told).toBe('work')
  const deaf = await openTestInstallation(url)
  const storage = openWork(deaf)
  await storage.eventStore.createSession({ session: sessionOf(), messages: [] })
  const noticed = new Promise((resolve) => deaf.onProfileDeleted(resolve))
  await runSql(url, `UPDATE segue.profiles SET name = '.deleted' WHERE name = 'work'`)
  const writing = storage.eventStore.createSession({ session: sessionOf(), messages: [] })
  await expect(writing).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'This profile was deleted.' })
  expect(await noticed).toBe('work')
})
