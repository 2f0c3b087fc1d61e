import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { type HermesSessionReaderOptions, HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import { recordSql } from '../../support/storage/record-sql.ts'
import { firstPage, newDb, newStatePath } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

function openReader(path: string, overrides: Partial<HermesSessionReaderOptions> = {}): HermesSessionReader {
  const sessions = new HermesSessionReader({ path, profile: 'default', log: new RecordingLogger(), ...overrides })
  onTestFinished(() => sessions.close())
  return sessions
}

/** Resolves to the next worker that this process starts. */
function waitForWorker(): Promise<Worker> {
  return new Promise((resolve) => process.once('worker', resolve))
}

test('every method of SessionReader is answered by the worker', async () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 1, source: 'telegram' })
  hermes.addMessage('s', 2, { content: 'hello' })
  const sessions = openReader(hermes.path)
  expect(sessions.origin).toBe('HERMES')
  const row = { id: 's', origin: 'HERMES', profile: 'default', lastActivityAt: 2_000 }
  const message = { id: 's:1', parts: [{ type: 'text', text: 'hello' }] }
  expect(await sessions.findSessions(['s', 'nobody'])).toMatchObject([row])
  expect(await sessions.listSessions(firstPage(9), { channels: ['MESSAGING'] })).toMatchObject([row])
  expect(await sessions.countMessages(['s', 'nobody'])).toEqual(new Map([['s', 1]]))
  expect(await sessions.listMessages('s', firstPage(9))).toMatchObject([message])
  expect(await sessions.findMessage('s:1')).toMatchObject(message)
  expect(await sessions.findMessage('s:2')).toBeNull()
  expect(await sessions.loadContextMessages('s')).toMatchObject([message])
})

test('the statements of a call are published before its answer', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const statements = recordSql()
  const sessions = openReader(hermes.path)
  for (let i = 0; i < 20; i++) {
    await sessions.findSessions(['s'])
    expect(statements.splice(0).filter(({ sql }) => sql.includes('FROM sessions'))).toHaveLength(1)
  }
})

test('problems of the file are logged in the main thread', async () => {
  const log = new RecordingLogger()
  const sessions = openReader(newStatePath(), { log })
  expect(await sessions.listSessions(firstPage(9), {})).toEqual([])
  expect(log.lines).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
})

test('an error that is not about the file is logged, and the call resolves to an empty result', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = openReader(hermes.path, { log })
  // @ts-expect-error A defect in the reader, such as a TypeError.
  expect(await sessions.listMessages('s', null)).toEqual([])
  expect(log.lines).toEqual(['error: Reading Hermes failed. The result is empty.'])
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test('a look-up of no ids does not wait for a locked database', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const sessions = openReader(hermes.path)
  await sessions.findSessions(['s'])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const waiting = sessions.findSessions(['s'])
  let isLockReleased = false
  void waiting.then(() => (isLockReleased = true))
  expect(await sessions.findSessions([])).toEqual([])
  expect(await sessions.findMessages([])).toEqual([])
  expect(await sessions.countMessages([])).toEqual(new Map())
  expect(await sessions.findConversationsBySession([])).toEqual(new Map())
  expect(isLockReleased).toBe(false)
  hermes.db.exec('ROLLBACK')
  await waiting
})

test('a lock does not block the main thread', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const sessions = openReader(hermes.path)
  await sessions.findSessions(['s'])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const waiting = sessions.findSessions(['s'])
  const timerCount = await new Promise((resolve) => {
    let count = 0
    const timer = setInterval(() => {
      if (++count < 5) return
      clearInterval(timer)
      resolve(count)
    }, 5)
  })
  expect(timerCount).toBe(5)
  hermes.db.exec('ROLLBACK')
  expect(await waiting).toHaveLength(1)
})

test('the calls to a worker that exits resolve to empty results, the exit is logged, and the next call starts another worker', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = openReader(hermes.path, { log })
  const reported: unknown[] = []
  sessions.onConversationsChanged((changes) => reported.push(changes))
  const starting = waitForWorker()
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
  const worker = await starting
  hermes.db.exec('BEGIN EXCLUSIVE')
  const pending = [sessions.findSessions(['s']), sessions.findMessage('s:1'), sessions.countMessages(['s'])]
  void worker.terminate()
  const refreshing = sessions.refresh()
  refreshing.catch(() => undefined)
  expect(await Promise.all(pending)).toEqual([[], null, new Map()])
  await expect(refreshing).rejects.toThrow('The worker thread has exited.')
  expect(reported).toEqual([null])
  expect(log.lines).toEqual([expect.stringMatching(/^warn: The worker that reads Hermes has exited/)])
  hermes.db.exec('ROLLBACK')
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test('an uncaught error in the worker ends the worker, not the process', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = openReader(hermes.path, { log })
  const starting = waitForWorker()
  await sessions.findSessions(['s'])
  const worker = await starting
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  worker.postMessage(null)
  await exited
  expect(log.lines).toEqual([expect.stringMatching(/^warn: The worker that reads Hermes has exited/)])
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test.each(['wal', 'delete'] as const)(
  'while others write, every page is complete, and no writer is blocked (journal mode %s)',
  async (journal) => {
    const hermes = newDb(undefined, 'newest', journal)
    // Without a WAL a writer waits for readers. Hermes waits for one second at most.
    if (journal === 'delete') hermes.db.pragma('busy_timeout = 1000')
    hermes.transaction(() => {
      for (let i = 0; i < 1500; i++) hermes.addMessage(hermes.addSession(`s${i}`, { started_at: i + 1 }), i + 1)
    })
    const log = new RecordingLogger()
    const sessions = openReader(hermes.path, { log })
    sessions.warmUp()
    for (let i = 0; i < 60; i++) {
      const pending = sessions.listConversations(firstPage(51), {})
      for (let j = 0; j < 5; j++) hermes.transaction(() => hermes.addMessage(`s${(i * 37) % 1500}`, 5000 + i * 5 + j))
      expect((await pending)?.conversations).toHaveLength(51)
      expect((await sessions.listConversations(firstPage(1), {}))?.conversations[0]).toMatchObject({
        rootId: `s${(i * 37) % 1500}`,
        lastActivityAt: (5004 + i * 5) * 1000,
      })
    }
    expect(log.lines).toEqual([])
  },
)

test('closing terminates a worker that waits for a lock immediately', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = openReader(hermes.path, { log })
  await sessions.findSessions(['s'])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const waiting = sessions.findSessions(['s'])
  const startedAt = performance.now()
  await sessions.close()
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect(await waiting).toEqual([])
  expect(await sessions.findSessions(['s'])).toEqual([])
  expect(await sessions.findMessage('s:1')).toBeNull()
  await sessions.close()
  expect(log.lines).toEqual([])
})

test('closing closes the file', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const sessions = openReader(hermes.path)
  await sessions.findSessions(['s'])
  await sessions.close()
  // A database can leave WAL mode only if no other connection is open.
  expect(hermes.db.pragma('journal_mode = DELETE', { simple: true })).toBe('delete')
})
