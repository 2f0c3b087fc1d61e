import Database from 'better-sqlite3'
import fc from 'fast-check'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { subscribeToSqlStatements } from '../../../../src/lib/sql-channel.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'
import { newId } from '../../../../src/lib/ids.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import { deleteQueuedRows } from '../../../../src/storage/sqlite/deletion/delete-queued-rows.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { StorageHealth } from '../../../../src/storage/health/storage-health.ts'
import { BackgroundSearchIndexer } from '../../../../src/storage/sqlite/search/background-search-indexer.ts'
import { migration025 } from '../../../../src/storage/sqlite/database/migrations/025-usage-sums.ts'
import { migration015 } from '../../../../src/storage/sqlite/database/migrations/006-to-015/015-retries.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { newSessionRecord } from '../../../support/sessions/session-record.ts'
import { newStream } from '../../../support/fixtures/generators.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { newSegueSearchFixture, type SegueSearchFixture } from '../../../support/search/segue-search-fixture.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { messageToRow } from '../../../../src/storage/rows/message-row.ts'
import { sessionToRow } from '../../../../src/storage/rows/session-row.ts'

/** The number of texts in the FTS5 table. */
function countIndexedTexts({ database }: SegueSearchFixture, kind: 'message' | 'title'): number {
  const row = database.prepare<[], { count: number }>(`SELECT count(*) AS count FROM ${kind}_index_docsize`).get()
  return row?.count ?? 0
}

function remove({ database }: SegueSearchFixture, table: 'sessions' | 'messages', id: string): void {
  database.transaction(() => {
    database.prepare<[string]>(`DELETE FROM ${table} WHERE id = ?`).run(id)
    while (deleteQueuedRows(database));
  })
}

function rename({ database }: SegueSearchFixture, id: string, title: string | null): void {
  database.transaction(() =>
    database.prepare<[string | null, string]>('UPDATE sessions SET title = ? WHERE id = ?').run(title, id),
  )
}

test('a commit indexes what it stores', async () => {
  const fixture = newSegueSearchFixture({ indexInBackground: false })
  const session = await fixture.addSession('A title')
  const message = await fixture.addMessage(session, 'A message')
  expect(await fixture.findIds('title')).toEqual([session])
  expect(await fixture.findIds('message')).toEqual([message])
})

test('what is not committed is not indexed', async () => {
  const fixture = newSegueSearchFixture({ indexInBackground: false })
  const session = await fixture.addSession()
  const { database } = fixture
  const fails = (): void => {
    database.transaction(() => {
      database.prepare<[string, string]>('UPDATE sessions SET title = ? WHERE id = ?').run('lost', session)
      database.searchIndex.indexPending()
      throw new Error('the disk is full')
    })
  }
  expect(fails).toThrow('the disk is full')
  expect(await fixture.findIds('lost')).toEqual([])
  expect(fixture.countEntries()).toEqual({ message: 0, title: 0 })
})

test('a crash during a commit leaves a message with its entry, or neither', async () => {
  const folder = newTempFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'segue.db')
  const copies: string[] = []
  const copyFiles = (): void => {
    const copy = join(newTempFolder(), 'segue.db')
    onTestFinished(() => rmSync(dirname(copy), { recursive: true, force: true }))
    for (const side of ['', '-wal']) if (existsSync(path + side)) copyFileSync(path + side, copy + side)
    copies.push(copy)
  }
  let isWatched = false
  const subscription = subscribeToSqlStatements(() => isWatched && copyFiles())
  onTestFinished(() => subscription[Symbol.dispose]())
  const database = new SegueProfileDatabase(path)
  onTestFinished(() => database.close())
  const store = new SqliteEventStore(database)
  const sessionId = newId('session')
  await store.createSession({ session: newSessionRecord({ id: sessionId, origin: 'SEGUE' }), messages: [] })
  isWatched = true
  await store.append({ sessionId, expectedHeadSeq: 0, events: [], messages: [newTextMessage(sessionId, 'needle', 1)] })
  isWatched = false
  copyFiles()
  const found = []
  for (const copy of copies) {
    const fixture = newSegueSearchFixture({ path: copy, indexInBackground: false })
    const rows = fixture.database.prepare('SELECT id FROM messages').all().length
    expect([
      (await fixture.findIds('needle')).length,
      countIndexedTexts(fixture, 'message'),
      fixture.countEntries().message,
    ]).toEqual([rows, rows, rows])
    found.push(rows)
  }
  expect(found.length).toBeGreaterThan(5)
  expect(found.at(-1)).toBe(1)
  expect(found.at(0)).toBe(0)
})

test('deleted messages and sessions are removed from the index', async () => {
  const fixture = newSegueSearchFixture()
  const [remaining, deleted] = [await fixture.addSession('needle'), await fixture.addSession('needle')]
  const message = await fixture.addMessage(remaining, 'needle')
  const remainingMessage = await fixture.addMessage(remaining, 'needle')
  await fixture.addMessage(deleted, 'needle')
  await fixture.addMessage(deleted, 'needle '.repeat(10_000))
  await fixture.waitForIndexing()
  expect(countIndexedTexts(fixture, 'message')).toBeGreaterThan(5)
  remove(fixture, 'messages', message)
  remove(fixture, 'sessions', deleted)
  expect(await fixture.findIds('needle')).toEqual([remaining, remainingMessage])
  expect([fixture.countEntries(), countIndexedTexts(fixture, 'message'), countIndexedTexts(fixture, 'title')]).toEqual([
    { message: 1, title: 1 },
    1,
    1,
  ])
})

test('a session is found by its current title', async () => {
  const fixture = newSegueSearchFixture()
  const session = await fixture.addSession('first')
  rename(fixture, session, 'second')
  expect([await fixture.findIds('first'), await fixture.findIds('second')]).toEqual([[], [session]])
  rename(fixture, session, 'second')
  expect(fixture.countEntries().title).toBe(1)
  rename(fixture, session, null)
  expect([fixture.countEntries().title, countIndexedTexts(fixture, 'title')]).toEqual([0, 0])
  rename(fixture, session, 'third')
  expect(await fixture.findIds('third')).toEqual([session])
})

test('after any writes, the index contains what is stored', async () => {
  const words = fc.constantFrom('red', 'green', 'blue', 'red green')
  const step = fc.oneof(
    fc.record({ do: fc.constant('add'), text: words, which: fc.nat(3) }),
    fc.record({ do: fc.constant('rename'), text: fc.option(words), which: fc.nat(3) }),
    fc.record({ do: fc.constant('deleteMessage'), which: fc.nat(9) }),
    fc.record({ do: fc.constant('deleteSession'), which: fc.nat(3) }),
  )
  const fixture = newSegueSearchFixture()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      fixture.database.transaction(() => {
        fixture.database.prepare('DELETE FROM sessions').run()
        fixture.database.prepare('DELETE FROM session_ids').run()
      })
      const titles = new Map<string, string | null>()
      const texts = new Map<string, { readonly session: string; readonly text: string }>()
      for (let i = 0; i < 4; i++) titles.set(await fixture.addSession('red'), 'red')
      const nth = (ids: Iterable<string>, n: number): string | undefined => [...ids][n]
      for (const each of steps) {
        const session = nth(titles.keys(), each.which)
        const message = nth(texts.keys(), each.which)
        if (each.do === 'deleteMessage' && message) {
          remove(fixture, 'messages', message)
          texts.delete(message)
        } else if (each.do === 'add' && session) {
          texts.set(await fixture.addMessage(session, each.text), { session, text: each.text })
        } else if (each.do === 'rename' && session) {
          rename(fixture, session, each.text)
          titles.set(session, each.text)
        } else if (each.do === 'deleteSession' && session) {
          remove(fixture, 'sessions', session)
          titles.delete(session)
          for (const [id, of] of texts) if (of.session === session) texts.delete(id)
        }
      }
      for (const word of ['red', 'green', 'blue']) {
        const expected = [
          ...[...titles].filter(([, title]) => title?.includes(word)),
          ...[...texts].filter(([, { text }]) => text.includes(word)),
        ].map(([id]) => id)
        expect((await fixture.findIds(word)).toSorted()).toEqual(expected.toSorted())
      }
      const titled = [...titles.values()].filter((title) => title !== null).length
      expect([countIndexedTexts(fixture, 'message'), countIndexedTexts(fixture, 'title')]).toEqual([texts.size, titled])
    }),
    { numRuns: 20 },
  )
})

describe('what is too much for one commit', () => {
  test('is indexed after it: many messages', async () => {
    const fixture = newSegueSearchFixture()
    const sessionId = await fixture.addSession()
    const messages = Array.from({ length: 200 }, (_, index) => newTextMessage(sessionId, `needle n${index}`, index + 1))
    await fixture.store.append({ sessionId, expectedHeadSeq: 0, events: [], messages })
    expect(fixture.countEntries().message).toBeLessThan(200)
    await fixture.waitForIndexing()
    expect((await fixture.findIds('needle')).toSorted()).toEqual(messages.map(({ id }) => id).toSorted())
    expect(fixture.loggedErrors).toEqual([])
  })

  test('is indexed after it: a long message, in passages', async () => {
    const fixture = newSegueSearchFixture()
    const session = await fixture.addSession()
    const text = Array.from({ length: 9_000 }, (_, index) => `word${index}`).join(' ')
    const id = await fixture.addMessage(session, text)
    expect(await fixture.findIds('word0')).toEqual([])
    await fixture.waitForIndexing()
    for (const index of [0, 1, 1_999, 4_321, 8_999]) expect(await fixture.findIds(`"word${index}"`)).toEqual([id])
    expect(await fixture.findIds('word9000')).toEqual([])
  })

  test('is indexed once by the next process', async () => {
    const fixture = newSegueSearchFixture({ indexInBackground: false })
    const session = await fixture.addSession()
    const id = await fixture.addMessage(session, 'needle '.repeat(10_000))
    const { searchIndex } = fixture.database
    // Interrupted after the first passage.
    const [first] = fixture.database.transaction(() => searchIndex.reserveEntries(id, 5))
    fixture.database.transaction(() => searchIndex.writeEntry('message', first ?? 0, 'needle old'))
    const next = newSegueSearchFixture({ path: fixture.path })
    await next.waitForIndexing()
    expect(await next.findIds('needle')).toEqual([id])
    expect(await next.findIds('old')).toEqual([])
    expect(countIndexedTexts(next, 'message')).toBe(next.countEntries().message)
  })

  test('leaves no entries if it is deleted before it is indexed', async () => {
    const fixture = newSegueSearchFixture()
    const session = await fixture.addSession()
    await fixture.addMessage(session, 'needle '.repeat(100_000))
    remove(fixture, 'sessions', session)
    await fixture.waitForIndexing()
    expect([fixture.countEntries().message, countIndexedTexts(fixture, 'message'), fixture.loggedErrors]).toEqual([
      0,
      0,
      [],
    ])
  })
})

describe('an answer whose text is only in the log', () => {
  /** Adds an answer of 40,000 words, in 400 events or in coalesced ones. */
  async function addLongAnswer(fixture: SegueSearchFixture, isCoalesced: boolean): Promise<string> {
    const words = Array.from({ length: 40_000 }, (_, index) => `word${index} `)
    const sessionId = await fixture.addSession()
    const [streamId, messageId] = [newId('stream'), newId('message')]
    const pieces = isCoalesced
      ? (words.join('').match(/[^]{1,65536}/g) ?? [])
      : Array.from({ length: 400 }, (_, index) => words.slice(index * 100, index * 100 + 100).join(''))
    let offset = 0
    const events: ChatEvent[] = pieces.map((text, index) => {
      offset += text.length
      const place = { partIndex: 1, offset: offset - text.length }
      return Object.assign(place, {
        type: 'TextDelta',
        seq: index + 1,
        at: 1,
        sessionId,
        streamId,
        messageId,
        text,
      } as const)
    })
    const reasoning = { ...newTextMessage(sessionId, '', 1), id: messageId, role: 'ASSISTANT' as const, streamId }
    const parts = [{ type: 'reasoning' as const, text: 'hidden' }, ...[{ type: 'text' as const, text: words.join('') }]]
    await fixture.store.append({
      sessionId,
      expectedHeadSeq: 0,
      events,
      streams: [newStream({ id: streamId, sessionId, messageId, firstSeq: 1, lastSeq: events.length, finishedAt: 1 })],
      messages: [{ ...reasoning, parts }],
    })
    return messageId
  }

  test.each([false, true])('is found, with a snippet around the match (coalesced: %s)', async (isCoalesced) => {
    const fixture = newSegueSearchFixture()
    const id = await addLongAnswer(fixture, isCoalesced)
    const row = fixture.database.prepare<[], { parts: string }>('SELECT parts FROM messages').get()
    expect(row).toEqual({ parts: 'null' })
    await fixture.waitForIndexing()
    for (const index of [0, 1, 19_999, 39_999]) expect(await fixture.findIds(`"word${index}"`)).toEqual([id])
    expect(await fixture.findIds('hidden')).toEqual([])
    const { hits } = await fixture.find('"word20000 word20001"')
    expect(hits[0]?.snippet).toContain(' word20000 word20001 word20002 ')
    expect(hits[0]?.snippet.length).toBeLessThan(200)
    expect(fixture.loggedErrors).toEqual([])
  })
})

describe('what is older than the index', () => {
  const version = migrations.findIndex((sql) => sql.includes('VIRTUAL TABLE message_index'))

  /** A database of the version before, with one session. */
  function newOlderDatabase(messages: number): {
    readonly path: string
    readonly sessionId: string
    readonly ids: string[]
  } {
    const folder = newTempFolder()
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'segue.db')
    using files = new DisposableStack()
    const db = files.adopt(new Database(path), (open) => open.close())
    for (const sql of migrations.slice(0, version)) db.exec(sql)
    db.pragma(`user_version = ${version}`)
    const insert = (table: string, row: object): void => {
      // Later versions have other columns.
      const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
      const names = Object.keys(row).filter((name) => columns.includes(name))
      const values = names.map((name) => `:${name}`)
      db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`).run(row)
    }
    const sessionId = newId('session')
    const all = Array.from({ length: messages }, (_, index) =>
      newTextMessage(sessionId, index === 7 ? 'needle '.repeat(9_000) : `needle n${index}`, index + 1),
    )
    db.transaction(() => {
      insert('sessions', sessionToRow(newSessionRecord({ id: sessionId, title: 'An old needle', startedAt: 1 })))
      for (const message of all) insert('messages', messageToRow(message, 'default'))
    })()
    return { path, sessionId, ids: all.map(({ id }) => id) }
  }

  test('is indexed in the background, newest first, and before new messages', async () => {
    const { path, sessionId, ids } = newOlderDatabase(130)
    const fixture = newSegueSearchFixture({ path, indexInBackground: false })
    expect(fixture.countEntries()).toEqual({ message: 0, title: 0 })
    const fresh = await fixture.addMessage(sessionId, 'needle')
    expect(await fixture.findIds('needle')).toEqual([fresh])
    while (fixture.countEntries().message === 1)
      fixture.database.transaction(() => fixture.database.searchIndex.backfill())
    expect(await fixture.findIds('needle')).toEqual([sessionId, fresh, ...ids.slice(-25).toReversed()])

    const next = newSegueSearchFixture({ path })
    await next.waitForIndexing()
    const long = ids[7]
    const others = ids.filter((id) => id !== long).toReversed()
    const newest = await next.addMessage(sessionId, 'needle', { position: 1_000 })
    // A long message gets its number when it is indexed, after the others.
    expect(await next.findIds('needle')).toEqual([sessionId, newest, long, fresh, ...others])
    const times = (await next.find('needle')).hits.slice(1).map(({ key }) => key.at)
    expect(times).toEqual(times.toSorted((x, y) => y - x))
    expect([countIndexedTexts(next, 'title'), next.loggedErrors]).toEqual([1, []])
  })

  test('is indexed once if it changes before it is indexed', async () => {
    const { path, sessionId, ids } = newOlderDatabase(60)
    const fixture = newSegueSearchFixture({ path, indexInBackground: false })
    rename(fixture, sessionId, 'A new needle')
    remove(fixture, 'messages', ids[3] ?? '')
    const next = newSegueSearchFixture({ path })
    await next.waitForIndexing()
    expect((await next.findIds('needle')).toSorted()).toEqual(
      [sessionId, ...ids.filter((_, index) => index !== 3)].toSorted(),
    )
    expect(await next.findIds('old')).toEqual([])
    expect(next.countEntries().title).toBe(1)
  })

  test('is not read by the start itself', () => {
    const { path } = newOlderDatabase(60)
    const statements = recordSql()
    new SegueProfileDatabase(path).close()
    const reads = statements
      .map(({ sql }) => sql)
      .filter((sql) => /FROM messages/.test(sql) && !/CREATE TRIGGER/.test(sql))
      // These find retries and copies, and sum what was used.
      .filter((sql) => !migration015.includes(sql) && !migration025.includes(sql))
    expect(reads.length).toBeGreaterThan(0)
    expect(reads.filter((sql) => !sql.includes('max(id)'))).toEqual([])
  })

  test('is indexed again if an earlier version normalized texts in another way', async () => {
    const { path, sessionId, ids } = newOlderDatabase(30)
    const earlier = newSegueSearchFixture({ path })
    await earlier.waitForIndexing()
    const db = new Database(path)
    db.exec("UPDATE sessions SET title = 'Ein Flug'")
    db.exec("INSERT INTO message_index (rowid, text) VALUES (5, 'stale')")
    // The migration that empties the index, alone: later ones have been applied.
    db.exec(migrations.find((sql) => sql.includes("'delete-all'")) ?? '')
    db.close()

    const next = newSegueSearchFixture({ path })
    await next.waitForIndexing()
    expect((await next.findIds('needle')).toSorted()).toEqual(ids.toSorted())
    expect(await next.findIds('flug')).toEqual([sessionId])
    expect(await next.findIds('stale')).toEqual([])
    expect([countIndexedTexts(next, 'title'), next.loggedErrors]).toEqual([1, []])
    expect(countIndexedTexts(next, 'message')).toBe(next.countEntries().message)
  })
})

test('an error of the background indexer is logged, and the next commit makes it continue', async () => {
  const fixture = newSegueSearchFixture({ indexInBackground: false })
  const session = await fixture.addSession()
  const id = await fixture.addMessage(session, 'needle '.repeat(10_000))
  const log = new RecordingLogger()
  const { searchIndex } = fixture.database
  const { reserveEntries } = searchIndex
  searchIndex.reserveEntries = () => {
    searchIndex.reserveEntries = reserveEntries
    throw new Error('the disk is full')
  }
  const background = new BackgroundSearchIndexer(fixture.database, new StorageHealth({ log }), log)
  onTestFinished(() => background.close())
  await waitUntil(() => log.errors.length === 1)
  expect(await fixture.findIds('needle')).toEqual([])
  await fixture.addMessage(session, 'other')
  await fixture.waitForIndexing()
  expect(await fixture.findIds('needle')).toEqual([id])
})
