import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { type HermesSessionReaderOptions, HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import { recordSql } from '../../support/storage/record-sql.ts'
import { firstPage, newDb, newStatePath } from '../../support/hermes/reading.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

function open(path: string, more: Partial<HermesSessionReaderOptions> = {}): HermesSessionReader {
  const sessions = new HermesSessionReader({ path, profile: 'default', log: new RecordingLogger(), ...more })
  onTestFinished(() => sessions.close())
  return sessions
}

/** The next worker that this process starts. */
function nextWorker(): Promise<Worker> {
  return new Promise((resolve) => process.once('worker', resolve))
}

test('everything a source promises comes out of the thread', async () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 1, source: 'telegram' })
  hermes.addMessage('s', 2, { content: 'hello' })
  const sessions = open(hermes.path)
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

test('the statements of a call are told before its answer', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const statements = recordSql()
  const sessions = open(hermes.path)
  for (let i = 0; i < 20; i++) {
    await sessions.findSessions(['s'])
    expect(statements.splice(0).filter(({ sql }) => sql.includes('FROM sessions'))).toHaveLength(1)
  }
})

test('what is wrong is logged in the main thread', async () => {
  const log = new RecordingLogger()
  const sessions = open(newStatePath(), { log })
  expect(await sessions.listSessions(firstPage(9), {})).toEqual([])
  expect(log.lines).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
})

test('an error that is not about the file is logged, and the call resolves to an empty result', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = open(hermes.path, { log })
  // @ts-expect-error A defect in the reader, such as a TypeError.
  expect(await sessions.listMessages('s', null)).toEqual([])
  expect(log.lines).toEqual(['error: Reading Hermes failed. The result is empty.'])
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test('a lock holds up nothing in the main thread', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const sessions = open(hermes.path)
  await sessions.findSessions(['s'])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const waiting = sessions.findSessions(['s'])
  const turns = await new Promise((resolve) => {
    let count = 0
    const timer = setInterval(() => {
      if (++count < 5) return
      clearInterval(timer)
      resolve(count)
    }, 5)
  })
  expect(turns).toBe(5)
  hermes.db.exec('ROLLBACK')
  expect(await waiting).toHaveLength(1)
})

test('a thread that dies answers with nothing, is told of, and is started anew', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = open(hermes.path, { log })
  const told: unknown[] = []
  sessions.onConversationsChanged((changed) => told.push(changed))
  const starting = nextWorker()
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
  const worker = await starting
  hermes.db.exec('BEGIN EXCLUSIVE')
  const pending = [sessions.findSessions(['s']), sessions.findMessage('s:1'), sessions.countMessages(['s'])]
  void worker.terminate()
  const missed = sessions.refresh()
  expect(await Promise.all(pending)).toEqual([[], null, new Map()])
  await expect(missed).rejects.toThrow('The worker thread has exited.')
  expect(told).toEqual([null])
  expect(log.lines).toEqual([expect.stringMatching(/^warn: The worker that reads Hermes has exited/)])
  hermes.db.exec('ROLLBACK')
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test('an error that nobody caught in the thread ends the thread, not the process', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = open(hermes.path, { log })
  const starting = nextWorker()
  await sessions.findSessions([])
  const worker = await starting
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  worker.postMessage(null)
  await exited
  expect(log.lines).toEqual([expect.stringMatching(/^warn: The worker that reads Hermes has exited/)])
  expect(await sessions.findSessions(['s'])).toHaveLength(1)
})

test.each(['wal', 'delete'] as const)(
  'while others write, every page is whole, and none of them is held up (journal mode %s)',
  async (journal) => {
    const hermes = newDb(undefined, 'newest', journal)
    // Without a WAL a writer waits for who reads at the moment, as Hermes does: for a second at the most.
    if (journal === 'delete') hermes.db.pragma('busy_timeout = 1000')
    hermes.transaction(() => {
      for (let i = 0; i < 1500; i++) hermes.addMessage(hermes.addSession(`s${i}`, { started_at: i + 1 }), i + 1)
    })
    const log = new RecordingLogger()
    const sessions = open(hermes.path, { log })
    sessions.warmUp()
    for (let i = 0; i < 60; i++) {
      const asked = sessions.listConversations(firstPage(51), {})
      for (let j = 0; j < 5; j++) hermes.transaction(() => hermes.addMessage(`s${(i * 37) % 1500}`, 5000 + i * 5 + j))
      expect((await asked)?.conversations).toHaveLength(51)
      expect((await sessions.listConversations(firstPage(1), {}))?.conversations[0]).toMatchObject({
        rootId: `s${(i * 37) % 1500}`,
        lastActivityAt: (5004 + i * 5) * 1000,
      })
    }
    expect(log.lines).toEqual([])
  },
)

test('closing ends a thread that waits for a lock, at once', async () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  const log = new RecordingLogger()
  const sessions = open(hermes.path, { log })
  await sessions.findSessions(['s'])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const waiting = sessions.findSessions(['s'])
  const started = performance.now()
  await sessions.close()
  expect(performance.now() - started).toBeLessThan(1_000)
  expect(await waiting).toEqual([])
  expect(await sessions.findSessions(['s'])).toEqual([])
  expect(await sessions.findMessage('s:1')).toBeNull()
  await sessions.close()
  expect(log.lines).toEqual([])
})

test('closing gives the file back', async () => {
  const hermes = newDb()
  hermes.addSession('s')
  const sessions = open(hermes.path)
  await sessions.findSessions(['s'])
  await sessions.close()
  // Leaving WAL mode takes a file that nobody else has open.
  expect(hermes.db.pragma('journal_mode = DELETE', { simple: true })).toBe('delete')
})
