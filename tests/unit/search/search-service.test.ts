import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openProfileStorage } from '../../../src/services/storage/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { newSession } from '../../../src/sessions/new-session.ts'
import type { SearchRequest } from '../../../src/search/search-hit.ts'
import type { ExecutedSqlStatement } from '../../../src/lib/sql-channel.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { recordSql } from '../../support/storage/record-sql.ts'
import { hitId, newTextMessage, readAllPages } from '../../support/search/search-fixture.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

const neverAborted = new AbortController().signal

const newRequest = (query: string, overrides: Partial<SearchRequest> = {}): SearchRequest => ({
  query,
  filter: {},
  after: null,
  before: null,
  limit: 1_000,
  backwards: false,
  ...overrides,
})

interface Fixture {
  readonly profile: ProfileStorage
  readonly hermes: HermesDb
  readonly statements: ExecutedSqlStatement[]
  /** Adds a session with a message to Segue, at a time in seconds, and returns the id of the message. */
  addSegueMessage(text: string, at: number, parentId?: string): Promise<string>
}

/** A profile with a Hermes agent, whose search runs in a worker. Closed when the test ends. */
function newFixture(): Fixture {
  const folder = newTempFolder()
  const hermes = new HermesDb(join(folder, 'state.db'))
  const statements = recordSql()
  const profile = openProfileStorage({
    home: join(folder, 'home'),
    hermesHome: folder,
    durable: false,
    log: silentLogger,
  })
  onTestFinished(async () => {
    await profile.close()
    hermes.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    profile,
    hermes,
    statements,
    addSegueMessage: async (text, at, parentId) => {
      const fields = { profile: 'default', title: null, titleSource: null, model: null, parentId: parentId ?? null }
      const session = newSession({ ...fields, at: at * 1000 })
      const message = newTextMessage(session.id, text, at * 1000)
      await profile.eventStore.append({
        sessionId: session.id,
        expectedHeadSeq: 0,
        newSession: session,
        events: [],
        messages: [message],
      })
      return message.id
    },
  }
}

test('hits in Segue and in Hermes are found together, in one order', async () => {
  const { profile, hermes, addSegueMessage } = newFixture()
  hermes.addSession('s', { title: 'The needle' })
  const segueIds: string[] = []
  for (let at = 1; at <= 9; at++) {
    if (at % 3 === 0) hermes.addMessage('s', at, { content: at === 3 ? 'needles' : 'needle' })
    else segueIds[at] = await addSegueMessage(at === 4 ? 'needles' : 'needle', at)
  }
  const all = ['s', 's:3', segueIds[8], segueIds[7], 's:2', segueIds[5], segueIds[2], segueIds[1], segueIds[4], 's:1']
  const find = (request: Partial<SearchRequest>) => profile.search.find(newRequest('needle', request), neverAborted)
  expect((await find({})).hits.map(hitId)).toEqual(all)
  for (const size of [1, 3]) {
    for (const backwards of [false, true]) expect((await readAllPages(find, size, backwards)).map(hitId)).toEqual(all)
  }
  const hermesIds = all.filter((id) => id?.startsWith('s'))
  expect((await find({ filter: { origin: 'HERMES' } })).hits.map(hitId)).toEqual(hermesIds)
  expect((await find({ filter: { origin: 'SEGUE' } })).hits.map(hitId)).toEqual(
    all.filter((id) => !hermesIds.includes(id)),
  )
})

test('filters know flags that only Hermes has set for a conversation that goes on in Segue', async () => {
  const { profile, hermes, addSegueMessage } = newFixture()
  hermes.addSession('s', { end_reason: 'cli_close', pinned: 1 })
  hermes.addMessage('s', 1, { content: 'needle' })
  const continuation = await addSegueMessage('needle', 2, 's')
  const other = await addSegueMessage('needle', 3)
  await profile.hermesSessions?.refresh()
  const find = async (filter: SearchRequest['filter']) =>
    (await profile.search.find(newRequest('needle', { filter }), neverAborted)).hits.map(hitId)
  expect(await find({ pinned: true })).toEqual([continuation, 's:1'])
  expect(await find({ pinned: true, origin: 'SEGUE' })).toEqual([continuation])
  expect(await find({ pinned: false })).toEqual([other])
  expect(await find({ archived: false, origin: 'SEGUE' })).toEqual([other, continuation])
  expect(await find({ pinned: true, archived: true })).toEqual([])
})

test('before the first write, a search finds nothing and creates no file', async () => {
  const { profile, hermes, statements, addSegueMessage } = newFixture()
  statements.length = 0
  expect(await profile.search.find(newRequest('needle'), neverAborted)).toEqual({ hits: [], searchedUpTo: null })
  expect(statements.filter(({ path }) => path.endsWith('segue.db'))).toEqual([])
  expect(existsSync(join(dirname(hermes.path), 'home', 'segue.db'))).toBe(false)
  const id = await addSegueMessage('needle', 1)
  expect((await profile.search.find(newRequest('needle'), neverAborted)).hits.map(hitId)).toEqual([id])
})

test('the statements of a search are published with their database, and only read', async () => {
  const { profile, hermes, statements, addSegueMessage } = newFixture()
  hermes.addSession('s', { title: 'needle' })
  await addSegueMessage('needle', 1)
  statements.length = 0
  await profile.search.find(newRequest('needle'), neverAborted)
  for (const name of ['segue', 'hermes']) {
    expect(statements.some(({ database, sql }) => database === name && sql.startsWith('SELECT'))).toBe(true)
  }
  for (const { sql } of statements) expect(sql).toMatch(/^\s*(SELECT|PRAGMA|BEGIN|COMMIT)/)
})

describe('a search that is aborted', () => {
  test('stops, and frees its slot for others', async () => {
    const { profile, hermes } = newFixture()
    hermes.addSession('s')
    hermes.db.exec(`WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
      INSERT INTO messages (session_id, role, content, timestamp)
      SELECT 's', 'user', 'a message of some words without that one', n FROM numbers`)
    const searches = Array.from({ length: 20 }, (_, index) => {
      const controller = new AbortController()
      const found = profile.search.find(newRequest(`needle ${index}`), controller.signal)
      return { found, abort: () => controller.abort() }
    })
    for (const { abort } of searches) abort()
    for (const { found } of searches) expect(await found).toEqual({ hits: [], searchedUpTo: null })
    expect(await profile.search.find(newRequest('needle'), AbortSignal.abort())).toEqual({
      hits: [],
      searchedUpTo: null,
    })
    const find = (request: Partial<SearchRequest>) => profile.search.find(newRequest('one', request), neverAborted)
    expect(await readAllPages(find, 1_000, false)).toHaveLength(5_000)
  })

  test('does not delay closing', async () => {
    const { profile, addSegueMessage } = newFixture()
    await addSegueMessage('needle', 1)
    const pending = Array.from({ length: 10 }, () => profile.search.find(newRequest('needle'), neverAborted))
    await profile.close()
    for (const found of pending) expect(await found).toEqual({ hits: [], searchedUpTo: null })
    expect(await profile.search.find(newRequest('needle'), neverAborted)).toEqual({ hits: [], searchedUpTo: null })
  })
})
