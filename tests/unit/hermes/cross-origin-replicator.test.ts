import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import type { CrossOriginContinuationBatch } from '../../../src/hermes/index/cross-origin-continuation-cursor.ts'
import { CrossOriginContinuationReplicator } from '../../../src/hermes/index/cross-origin-continuation-replicator.ts'
import type { ConversationChange } from '../../../src/storage/sessions/conversation-reader.ts'
import type {
  CrossOriginContinuationChange,
  CrossOriginContinuationFeed,
} from '../../../src/storage/sessions/cross-origin-continuation-feed.ts'
import { SqliteCrossOriginContinuationFeed } from '../../../src/storage/sqlite/conversation-index/sqlite-cross-origin-continuation-feed.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteEventStore } from '../../../src/storage/sqlite/sqlite-event-store.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newReader } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** A feed in memory. */
class FakeFeed implements CrossOriginContinuationFeed {
  databaseId: string | null = 'a'
  changes: CrossOriginContinuationChange[] = []
  #notify: () => void = () => undefined

  get latestChangeSeq(): number {
    return this.changes.at(-1)?.changeSeq ?? 0
  }

  readChanges(after: number, limit: number): CrossOriginContinuationChange[] {
    const start = this.changes.findIndex(({ changeSeq }) => changeSeq > after)
    return start < 0 ? [] : this.changes.slice(start, start + limit)
  }

  listHermesSettings(): [] {
    return []
  }

  async storeInheritedSettings(): Promise<void> {
    // This feed has no settings.
  }

  onChanges(listener: () => void): void {
    this.#notify = listener
  }

  /** Adds a session that continues another one, with a message at a second. */
  addSession(id: string, parent: string, second: number): void {
    const at = second * 1000
    const times = { started_at: at, message_at: at, activity_at: at }
    const session = {
      id,
      continues: parent,
      takes_place_of: null,
      can_be_continued: 0,
      flags: 0,
      default_flags: 0,
      live_attention: 0,
      answered_at: null,
      answer_failed: 0,
      ...times,
    }
    this.#append({ id, changeSeq: this.latestChangeSeq + 1, session, settings: null })
  }

  deleteSession(id: string): void {
    this.#append({ id, changeSeq: this.latestChangeSeq + 1, session: null, settings: null })
  }

  /** A session is in the feed once, with its newest change. */
  #append(change: CrossOriginContinuationChange): void {
    this.changes = [...this.changes.filter(({ id }) => id !== change.id), change]
    this.#notify()
  }
}

function newHermes(): HermesDb {
  const hermes = newDb()
  hermes.addSession('root', { end_reason: 'compression' })
  hermes.addMessage('root', 1)
  return hermes
}

/** Pushes a feed to a reader in this thread, and records the batches. */
function replicate(feed: CrossOriginContinuationFeed, reader: HermesReader) {
  const batches: CrossOriginContinuationBatch[] = []
  const replicator = new CrossOriginContinuationReplicator(feed, {
    loadCrossOriginCursor: async () => reader.loadCrossOriginCursor(),
    applyCrossOriginChanges: async (batch) => {
      batches.push(batch)
      return reader.applyCrossOriginChanges(batch)
    },
    resetCrossOriginSessions: async (databaseId) => reader.resetCrossOriginSessions(databaseId),
  })
  return { replicator, batches }
}

/** The conversations of Hermes' index, as `root > tip`. */
function list(reader: HermesReader): string[] {
  const page = reader.listConversations(firstPage(9), {})
  return (page?.conversations ?? []).map(({ rootId, tipId }) => `${rootId} > ${tipId}`)
}

describe('after a push', () => {
  test('Hermes conversations continue in Segue sessions', async () => {
    const { reader } = newReader(newHermes().path)
    const feed = new FakeFeed()
    const { replicator } = replicate(feed, reader)
    feed.addSession('ses_a', 'root', 5)
    await replicator.push()
    expect(list(reader)).toEqual(['root > ses_a'])
    expect(reader.listSessions(firstPage(9), {}).map(({ id }) => id)).toEqual(['root'])
    feed.deleteSession('ses_a')
    await replicator.push()
    expect(list(reader)).toEqual(['root > root'])
  })

  test('conversations can be filtered by the source of their tip', async () => {
    const { reader } = newReader(newHermes().path)
    const feed = new FakeFeed()
    feed.addSession('ses_a', 'root', 5)
    await replicate(feed, reader).replicator.push()
    const count = (crossOrigin: boolean) =>
      reader.listConversations(firstPage(9), { crossOrigin })?.conversations.length
    expect([count(true), count(false)]).toEqual([1, 0])
  })

  test('a push without new changes sends nothing', async () => {
    const { reader } = newReader(newHermes().path)
    const feed = new FakeFeed()
    const { replicator, batches } = replicate(feed, reader)
    feed.addSession('ses_a', 'root', 5)
    await replicator.push()
    await replicator.push()
    expect(batches).toHaveLength(1)
  })

  test('sessions of another database replace those of the previous one', async () => {
    const { reader } = newReader(newHermes().path)
    const feed = new FakeFeed()
    const { replicator } = replicate(feed, reader)
    feed.addSession('ses_a', 'root', 5)
    await replicator.push()
    feed.databaseId = 'b'
    feed.changes = []
    feed.addSession('ses_b', 'root', 7)
    await replicator.push()
    expect(list(reader)).toEqual(['root > ses_b'])
    feed.databaseId = null
    feed.changes = []
    await replicator.push()
    expect(list(reader)).toEqual(['root > root'])
  })

  test('an older copy of the same database is read from its first change', async () => {
    const { reader } = newReader(newHermes().path)
    const feed = new FakeFeed()
    const { replicator } = replicate(feed, reader)
    feed.addSession('ses_a', 'root', 5)
    const backup = feed.changes
    feed.addSession('ses_b', 'root', 7)
    await replicator.push()
    expect(list(reader)).toEqual(['root > ses_b'])
    feed.changes = backup
    await replicator.push()
    expect(list(reader)).toEqual(['root > ses_a'])
  })
})

test('a new reader continues from the stored index', async () => {
  const hermes = newHermes()
  const options = { indexPath: join(dirname(hermes.path), 'hermes-index.db') }
  const feed = new FakeFeed()
  feed.addSession('ses_a', 'root', 5)
  const first = newReader(hermes.path, 100, options).reader
  expect(list(first)).toEqual(['root > root'])
  await replicate(feed, first).replicator.push()
  feed.addSession('ses_b', 'root', 7)
  const second = newReader(hermes.path, 100, options).reader
  const { replicator, batches } = replicate(feed, second)
  await replicator.push()
  expect(batches.flatMap(({ changes }) => changes.map(({ id }) => id))).toEqual(['ses_b'])
  expect(list(second)).toEqual(['root > ses_b'])
})

test('an index that was deleted gets all changes again', async () => {
  const hermes = newHermes()
  const indexPath = join(dirname(hermes.path), 'hermes-index.db')
  const feed = new FakeFeed()
  feed.addSession('ses_a', 'root', 5)
  const first = newReader(hermes.path, 100, { indexPath }).reader
  await replicate(feed, first).replicator.push()
  for (const suffix of ['', '-wal', '-shm']) rmSync(indexPath + suffix, { force: true })
  const second = newReader(hermes.path, 100, { indexPath }).reader
  await replicate(feed, second).replicator.push()
  expect(list(second)).toEqual(['root > ses_a'])
})

test('an index that breaks between two batches gets all changes again', async () => {
  const hermes = newHermes()
  const indexPath = join(dirname(hermes.path), 'hermes-index.db')
  const feed = new FakeFeed()
  const { reader } = newReader(hermes.path, 100, { indexPath })
  const { replicator } = replicate(feed, reader)
  feed.addSession('ses_a', 'root', 5)
  await replicator.push()
  feed.addSession('ses_b', 'root', 7)
  new Database(indexPath).exec('DROP TABLE conversations; DROP TABLE conversation_sessions').close()
  await replicator.push()
  expect(reader.loadCrossOriginCursor()).toEqual({ databaseId: 'a', changeSeq: 2 })
  expect(list(reader)).toEqual(['root > ses_b'])
})

test('a batch that does not begin at the cursor is ignored', () => {
  const { reader } = newReader(newHermes().path)
  const feed = new FakeFeed()
  feed.addSession('ses_a', 'root', 5)
  const cursor = reader.resetCrossOriginSessions('a')
  expect(cursor).toEqual({ databaseId: 'a', changeSeq: 0 })
  expect(reader.applyCrossOriginChanges({ databaseId: 'a', after: 7, changes: feed.changes })).toEqual(cursor)
  expect(reader.applyCrossOriginChanges({ databaseId: 'b', after: 0, changes: feed.changes })).toEqual(cursor)
  expect(list(reader)).toEqual(['root > root'])
})

test('100,000 changes are sent in batches, one at a time', { timeout: 60_000 }, async () => {
  const { reader } = newReader(newHermes().path)
  const feed = new FakeFeed()
  const times = { started_at: 5_000, message_at: 5_000, activity_at: 5_000 }
  feed.changes = Array.from({ length: 100_000 }, (_, index) => {
    const id = `ses_${String(index).padStart(6, '0')}`
    return {
      id,
      changeSeq: index + 1,
      session: {
        id,
        continues: 'gone',
        takes_place_of: null,
        can_be_continued: 0,
        flags: 0,
        default_flags: 0,
        live_attention: 0,
        answered_at: null,
        answer_failed: 0,
        ...times,
      },
      settings: null,
    }
  })
  let inFlight = 0
  let maxInFlight = 0
  let maxBatchSize = 0
  const replicator = new CrossOriginContinuationReplicator(feed, {
    loadCrossOriginCursor: async () => reader.loadCrossOriginCursor(),
    resetCrossOriginSessions: async (databaseId) => reader.resetCrossOriginSessions(databaseId),
    applyCrossOriginChanges: async (batch) => {
      inFlight += 1
      maxInFlight = Math.max(maxInFlight, inFlight)
      maxBatchSize = Math.max(maxBatchSize, batch.changes.length)
      await Promise.resolve()
      inFlight -= 1
      return reader.applyCrossOriginChanges(batch)
    },
  })
  await Promise.all([replicator.push(), replicator.push()])
  expect(reader.loadCrossOriginCursor()).toEqual({ databaseId: 'a', changeSeq: 100_000 })
  expect([maxInFlight, maxBatchSize]).toEqual([1, 500])
})

describe('a reader with a worker', () => {
  function openReader(hermes: HermesDb, feed: CrossOriginContinuationFeed) {
    const log = new RecordingLogger()
    const indexPath = join(dirname(hermes.path), 'hermes-index.db')
    const options = { path: hermes.path, profile: 'default', indexPath, log }
    const sessions = new HermesSessionReader({ ...options, crossOriginFeed: feed })
    onTestFinished(() => sessions.close())
    const listTips = async (): Promise<string[]> => {
      const page = await sessions.listConversations(firstPage(9), {})
      return (page?.conversations ?? []).map(({ rootId, tipId }) => `${rootId} > ${tipId}`)
    }
    return { sessions, listTips, log: log.lines, indexPath }
  }

  test('lists every change that was committed before', async () => {
    const feed = new FakeFeed()
    const { listTips } = openReader(newHermes(), feed)
    for (let second = 5; second < 25; second += 1) {
      feed.addSession(`ses_${second}`, 'root', second)
      expect(await listTips()).toEqual([`root > ses_${second}`])
    }
  })

  test('reports the conversations that a commit has changed, without being asked', async () => {
    const feed = new FakeFeed()
    const { sessions, listTips } = openReader(newHermes(), feed)
    expect(await listTips()).toEqual(['root > root'])
    const reported: (ConversationChange | null)[] = []
    sessions.onConversationsChanged((changes) => reported.push(...(changes ?? [null])))
    feed.addSession('ses_a', 'root', 5)
    await waitUntil(() => reported.length > 0)
    expect(reported).toEqual([{ rootId: 'root', before: 'thisSource', after: 'thisSource' }])
  })

  test('sends what a worker has missed to the next one', async () => {
    const feed = new FakeFeed()
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
    const { sessions, listTips } = openReader(newHermes(), feed)
    feed.addSession('ses_a', 'root', 5)
    expect(await listTips()).toEqual(['root > ses_a'])
    await (await started).terminate()
    feed.addSession('ses_b', 'root', 7)
    expect(await listTips()).toEqual(['root > ses_b'])
    expect((await sessions.findConversationsBySession(['ses_a'])).get('ses_a')).toMatchObject({ rootId: 'root' })
  })

  test('lists the conversations across both sources although the index breaks during the call', async () => {
    const feed = new FakeFeed()
    feed.addSession('ses_a', 'root', 5)
    const { listTips, indexPath } = openReader(newHermes(), feed)
    expect(await listTips()).toEqual(['root > ses_a'])
    new Database(indexPath).exec('DROP TABLE conversations').close()
    expect(await listTips()).toEqual(['root > ses_a'])
  })

  test('lists the conversations of Hermes although the feed cannot be read', async () => {
    const feed = new FakeFeed()
    const { listTips, log } = openReader(newHermes(), feed)
    feed.readChanges = () => {
      throw new Error('The database is corrupt.')
    }
    expect(await listTips()).toEqual(['root > root'])
    expect(log.some((line) => line.startsWith('error: '))).toBe(true)
  })
})

test("the feed of a profile's database contains its sessions that continue others", async () => {
  const hermes = newHermes()
  const path = join(dirname(hermes.path), 'segue.db')
  const database = new SegueProfileDatabase(path)
  onTestFinished(() => database.close())
  const feed = new SqliteCrossOriginContinuationFeed(database)
  expect([feed.databaseId, feed.latestChangeSeq, feed.readChanges(0, 9)]).toEqual([null, 0, []])
  let notifications = 0
  feed.onChanges(() => (notifications += 1))
  const store = new SqliteEventStore(database)
  const addSession = (id: string, parentId: string | null) =>
    store.createSession({ session: newSessionRecord({ id, origin: 'SEGUE', parentId, startedAt: 5 }), messages: [] })
  await addSession('ses_alone', null)
  expect([notifications, feed.latestChangeSeq]).toEqual([0, 0])
  await addSession('ses_a', 'root')
  expect(notifications).toBe(1)
  expect(feed.databaseId).not.toBeNull()
  expect(feed.readChanges(0, 9)).toMatchObject([{ id: 'ses_a', changeSeq: 1, session: { continues: 'root' } }])
  database.transaction(() => database.prepare("DELETE FROM sessions WHERE id = 'ses_a'").run())
  expect(feed.readChanges(1, 9)).toEqual([{ id: 'ses_a', changeSeq: 2, session: null, settings: null }])
})
