import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { subscribeToStatements } from '../../../../src/lib/sql-channel.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'
import { newId } from '../../../../src/lib/ids.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import { SqliteDatabase } from '../../../../src/storage/sqlite/database/sqlite-database.ts'
import { BackgroundIndexer } from '../../../../src/storage/sqlite/search/background-indexer.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { newSessionRecord } from '../../../support/sessions/session-record.ts'
import { newStream } from '../../../support/fixtures/generators.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import {
  newSegueSearchFixture,
  type SegueSearchFixture,
  newTextMessage,
} from '../../../support/search/segue-search-fixture.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { messageToRow } from '../../../../src/storage/sqlite/rows/message-row.ts'
import { sessionToRow } from '../../../../src/storage/sqlite/rows/session-row.ts'

/** How many texts the index itself holds. */
function indexed({ database }: SegueSearchFixture, kind: 'message' | 'title'): number {
  const row = database.prepare<[], { count: number }>(`SELECT count(*) AS count FROM ${kind}_index_docsize`).get()
  return row?.count ?? 0
}

function remove({ database }: SegueSearchFixture, table: 'sessions' | 'messages', id: string): void {
  database.transaction(() => database.prepare<[string]>(`DELETE FROM ${table} WHERE id = ?`).run(id))
}

function rename({ database }: SegueSearchFixture, id: string, title: string | null): void {
  database.transaction(() =>
    database.prepare<[string | null, string]>('UPDATE sessions SET title = ? WHERE id = ?').run(title, id),
  )
}

test('a commit brings what it stores into the index', async () => {
  const chats = newSegueSearchFixture({ indexInBackground: false })
  const session = await chats.addSession('A title')
  const message = await chats.addMessage(session, 'A message')
  expect(await chats.findIds('title')).toEqual([session])
  expect(await chats.findIds('message')).toEqual([message])
})

test('what is not committed is not in it', async () => {
  const chats = newSegueSearchFixture({ indexInBackground: false })
  const session = await chats.addSession()
  const { database } = chats
  const fails = (): void => {
    database.transaction(() => {
      database.prepare<[string, string]>('UPDATE sessions SET title = ? WHERE id = ?').run('lost', session)
      database.searchIndex.indexPending()
      throw new Error('the disk is full')
    })
  }
  expect(fails).toThrow('the disk is full')
  expect(await chats.findIds('lost')).toEqual([])
  expect(chats.countEntries()).toEqual({ message: 0, title: 0 })
})

test('a process that dies in a commit leaves a message and its entry, or neither', async () => {
  const folder = newTempFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'segue.db')
  const copies: string[] = []
  const keep = (): void => {
    const copy = join(newTempFolder(), 'segue.db')
    onTestFinished(() => rmSync(dirname(copy), { recursive: true, force: true }))
    for (const side of ['', '-wal']) if (existsSync(path + side)) copyFileSync(path + side, copy + side)
    copies.push(copy)
  }
  let isWatched = false
  const subscription = subscribeToStatements(() => isWatched && keep())
  onTestFinished(() => subscription[Symbol.dispose]())
  const database = new SqliteDatabase(path)
  onTestFinished(() => database.close())
  const store = new SqliteEventStore(database)
  const sessionId = newId('session')
  await store.createSession({ session: newSessionRecord({ id: sessionId, origin: 'SEGUE' }), messages: [] })
  isWatched = true
  await store.append({ sessionId, expectedHeadSeq: 0, events: [], messages: [newTextMessage(sessionId, 'needle', 1)] })
  isWatched = false
  keep()
  const found = []
  for (const copy of copies) {
    const chats = newSegueSearchFixture({ path: copy, indexInBackground: false })
    const rows = chats.database.prepare('SELECT id FROM messages').all().length
    expect([(await chats.findIds('needle')).length, indexed(chats, 'message'), chats.countEntries().message]).toEqual([
      rows,
      rows,
      rows,
    ])
    found.push(rows)
  }
  expect(found.length).toBeGreaterThan(5)
  expect(found.at(-1)).toBe(1)
  expect(found.at(0)).toBe(0)
})

test('what goes is gone from it, with all that belongs to it', async () => {
  const chats = newSegueSearchFixture()
  const [kept, gone] = [await chats.addSession('needle'), await chats.addSession('needle')]
  const message = await chats.addMessage(kept, 'needle')
  const stays = await chats.addMessage(kept, 'needle')
  await chats.addMessage(gone, 'needle')
  await chats.addMessage(gone, 'needle '.repeat(10_000))
  await chats.waitForIndexing()
  expect(indexed(chats, 'message')).toBeGreaterThan(5)
  remove(chats, 'messages', message)
  remove(chats, 'sessions', gone)
  expect(await chats.findIds('needle')).toEqual([kept, stays])
  expect([chats.countEntries(), indexed(chats, 'message'), indexed(chats, 'title')]).toEqual([
    { message: 1, title: 1 },
    1,
    1,
  ])
})

test('a title is found by what it is now', async () => {
  const chats = newSegueSearchFixture()
  const session = await chats.addSession('first')
  rename(chats, session, 'second')
  expect([await chats.findIds('first'), await chats.findIds('second')]).toEqual([[], [session]])
  rename(chats, session, 'second')
  expect(chats.countEntries().title).toBe(1)
  rename(chats, session, null)
  expect([chats.countEntries().title, indexed(chats, 'title')]).toEqual([0, 0])
  rename(chats, session, 'third')
  expect(await chats.findIds('third')).toEqual([session])
})

test('whatever is written, it holds what there is', async () => {
  const words = fc.constantFrom('red', 'green', 'blue', 'red green')
  const step = fc.oneof(
    fc.record({ do: fc.constant('say'), text: words, which: fc.nat(3) }),
    fc.record({ do: fc.constant('rename'), text: fc.option(words), which: fc.nat(3) }),
    fc.record({ do: fc.constant('remove'), which: fc.nat(9) }),
    fc.record({ do: fc.constant('drop'), which: fc.nat(3) }),
  )
  const chats = newSegueSearchFixture()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      chats.database.transaction(() => chats.database.prepare('DELETE FROM sessions').run())
      const titles = new Map<string, string | null>()
      const texts = new Map<string, { readonly session: string; readonly text: string }>()
      for (let i = 0; i < 4; i++) titles.set(await chats.addSession('red'), 'red')
      const nth = (ids: Iterable<string>, n: number): string | undefined => [...ids][n]
      for (const each of steps) {
        const session = nth(titles.keys(), each.which)
        const message = nth(texts.keys(), each.which)
        if (each.do === 'remove' && message) {
          remove(chats, 'messages', message)
          texts.delete(message)
        } else if (each.do === 'say' && session) {
          texts.set(await chats.addMessage(session, each.text), { session, text: each.text })
        } else if (each.do === 'rename' && session) {
          rename(chats, session, each.text)
          titles.set(session, each.text)
        } else if (each.do === 'drop' && session) {
          remove(chats, 'sessions', session)
          titles.delete(session)
          for (const [id, of] of texts) if (of.session === session) texts.delete(id)
        }
      }
      for (const word of ['red', 'green', 'blue']) {
        const expected = [
          ...[...titles].filter(([, title]) => title?.includes(word)),
          ...[...texts].filter(([, { text }]) => text.includes(word)),
        ].map(([id]) => id)
        expect((await chats.findIds(word)).toSorted()).toEqual(expected.toSorted())
      }
      const titled = [...titles.values()].filter((title) => title !== null).length
      expect([indexed(chats, 'message'), indexed(chats, 'title')]).toEqual([texts.size, titled])
    }),
    { numRuns: 20 },
  )
})

describe('what is too much for a commit', () => {
  test('of many messages is taken in behind it', async () => {
    const chats = newSegueSearchFixture()
    const sessionId = await chats.addSession()
    const messages = Array.from({ length: 200 }, (_, index) => newTextMessage(sessionId, `needle n${index}`, index + 1))
    await chats.store.append({ sessionId, expectedHeadSeq: 0, events: [], messages })
    expect(chats.countEntries().message).toBeLessThan(200)
    await chats.waitForIndexing()
    expect((await chats.findIds('needle')).toSorted()).toEqual(messages.map(({ id }) => id).toSorted())
    expect(chats.loggedErrors).toEqual([])
  })

  test('of a long message is taken in behind it, in stretches, wherever its words stand', async () => {
    const chats = newSegueSearchFixture()
    const session = await chats.addSession()
    const text = Array.from({ length: 9_000 }, (_, index) => `word${index}`).join(' ')
    const id = await chats.addMessage(session, text)
    expect(await chats.findIds('word0')).toEqual([])
    await chats.waitForIndexing()
    for (const index of [0, 1, 1_999, 4_321, 8_999]) expect(await chats.findIds(`"word${index}"`)).toEqual([id])
    expect(await chats.findIds('word9000')).toEqual([])
  })

  test('is taken up again by the next process, once', async () => {
    const chats = newSegueSearchFixture({ indexInBackground: false })
    const session = await chats.addSession()
    const id = await chats.addMessage(session, 'needle '.repeat(10_000))
    const { searchIndex } = chats.database
    // Cut off after its first stretch.
    const [first] = chats.database.transaction(() => searchIndex.reserveEntries(id, 5))
    chats.database.transaction(() => searchIndex.writeEntry('message', first ?? 0, 'needle old'))
    const next = newSegueSearchFixture({ path: chats.path })
    await next.waitForIndexing()
    expect(await next.findIds('needle')).toEqual([id])
    expect(await next.findIds('old')).toEqual([])
    expect(indexed(next, 'message')).toBe(next.countEntries().message)
  })

  test('and has gone before its turn leaves nothing', async () => {
    const chats = newSegueSearchFixture()
    const session = await chats.addSession()
    await chats.addMessage(session, 'needle '.repeat(100_000))
    remove(chats, 'sessions', session)
    await chats.waitForIndexing()
    expect([chats.countEntries().message, indexed(chats, 'message'), chats.loggedErrors]).toEqual([0, 0, []])
  })
})

describe('an answer whose text is in the log alone', () => {
  /** An answer of 40,000 words, each in an event of its own, or merged as far as they can be. */
  async function answered(chats: SegueSearchFixture, isMerged: boolean): Promise<string> {
    const words = Array.from({ length: 40_000 }, (_, index) => `word${index} `)
    const sessionId = await chats.addSession()
    const [streamId, messageId] = [newId('stream'), newId('message')]
    const pieces = isMerged
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
    await chats.store.append({
      sessionId,
      expectedHeadSeq: 0,
      events,
      streams: [newStream({ id: streamId, sessionId, messageId, firstSeq: 1, lastSeq: events.length, finishedAt: 1 })],
      messages: [{ ...reasoning, parts }],
    })
    return messageId
  }

  test.each([false, true])('is found, and shown around what was looked for (merged: %s)', async (isMerged) => {
    const chats = newSegueSearchFixture()
    const id = await answered(chats, isMerged)
    const row = chats.database.prepare<[], { parts: string }>('SELECT parts FROM messages').get()
    expect(row).toEqual({ parts: 'null' })
    await chats.waitForIndexing()
    for (const index of [0, 1, 19_999, 39_999]) expect(await chats.findIds(`"word${index}"`)).toEqual([id])
    expect(await chats.findIds('hidden')).toEqual([])
    const { hits } = await chats.find('"word20000 word20001"')
    expect(hits[0]?.snippet).toContain(' word20000 word20001 word20002 ')
    expect(hits[0]?.snippet.length).toBeLessThan(200)
    expect(chats.loggedErrors).toEqual([])
  })
})

describe('what was there before the index', () => {
  const version = migrations.findIndex((sql) => sql.includes('VIRTUAL TABLE message_index'))

  /** A database of the version before, with a session of many messages. */
  function older(messages: number): { readonly path: string; readonly sessionId: string; readonly ids: string[] } {
    const folder = newTempFolder()
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'segue.db')
    using files = new DisposableStack()
    const db = files.adopt(new Database(path), (open) => open.close())
    for (const sql of migrations.slice(0, version)) db.exec(sql)
    db.pragma(`user_version = ${version}`)
    const insert = (table: string, row: object): void => {
      // Later versions may have other columns.
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
      for (const message of all) insert('messages', messageToRow(message))
    })()
    return { path, sessionId, ids: all.map(({ id }) => id) }
  }

  test('is taken in in the background, the newest first, and new messages are newer', async () => {
    const { path, sessionId, ids } = older(130)
    const chats = newSegueSearchFixture({ path, indexInBackground: false })
    expect(chats.countEntries()).toEqual({ message: 0, title: 0 })
    const fresh = await chats.addMessage(sessionId, 'needle')
    expect(await chats.findIds('needle')).toEqual([fresh])
    while (chats.countEntries().message === 1) chats.database.transaction(() => chats.database.searchIndex.backfill())
    expect(await chats.findIds('needle')).toEqual([sessionId, fresh, ...ids.slice(-25).toReversed()])

    const next = newSegueSearchFixture({ path })
    await next.waitForIndexing()
    const long = ids[7]
    const others = ids.filter((id) => id !== long).toReversed()
    const newest = await next.addMessage(sessionId, 'needle', { position: 1_000 })
    // A long message is taken in when the others are.
    expect(await next.findIds('needle')).toEqual([sessionId, newest, long, fresh, ...others])
    const times = (await next.find('needle')).hits.slice(1).map(({ key }) => key.at)
    expect(times).toEqual(times.toSorted((x, y) => y - x))
    expect([indexed(next, 'title'), next.loggedErrors]).toEqual([1, []])
  })

  test('and changes before its turn is taken in once', async () => {
    const { path, sessionId, ids } = older(60)
    const chats = newSegueSearchFixture({ path, indexInBackground: false })
    rename(chats, sessionId, 'A new needle')
    remove(chats, 'messages', ids[3] ?? '')
    const next = newSegueSearchFixture({ path })
    await next.waitForIndexing()
    expect((await next.findIds('needle')).toSorted()).toEqual(
      [sessionId, ...ids.filter((_, index) => index !== 3)].toSorted(),
    )
    expect(await next.findIds('old')).toEqual([])
    expect(next.countEntries().title).toBe(1)
  })

  test('is left alone by the start itself: it reads no message', () => {
    const { path } = older(60)
    const statements = recordSql()
    new SqliteDatabase(path).close()
    const reads = statements
      .map(({ sql }) => sql)
      .filter((sql) => /FROM messages/.test(sql) && !/CREATE TRIGGER/.test(sql))
    expect(reads).toHaveLength(1)
    expect(reads[0]).toContain('max(id)')
  })
})

test('a background that fails tells of it, and goes on with the next commit', async () => {
  const chats = newSegueSearchFixture({ indexInBackground: false })
  const session = await chats.addSession()
  const id = await chats.addMessage(session, 'needle '.repeat(10_000))
  const log = new RecordingLogger()
  const { searchIndex } = chats.database
  const { reserveEntries } = searchIndex
  searchIndex.reserveEntries = () => {
    searchIndex.reserveEntries = reserveEntries
    throw new Error('the disk is full')
  }
  const background = new BackgroundIndexer(chats.database, log)
  onTestFinished(() => background.close())
  await waitUntil(() => log.errors.length === 1)
  expect(await chats.findIds('needle')).toEqual([])
  await chats.addMessage(session, 'other')
  await chats.waitForIndexing()
  expect(await chats.findIds('needle')).toEqual([id])
})
