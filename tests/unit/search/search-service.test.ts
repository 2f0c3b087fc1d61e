import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openProfileStorage } from '../../../src/services/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { newSession } from '../../../src/sessions/new-session.ts'
import type { SearchRequest } from '../../../src/search/search-hit.ts'
import type { SqlStatement } from '../../../src/lib/sql-channel.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { recordSql } from '../../support/storage/record-sql.ts'
import { hitId, newTextMessage, readAllPages } from '../../support/search/segue-chats.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

const never = new AbortController().signal

const about = (query: string, of: Partial<SearchRequest> = {}): SearchRequest => ({
  query,
  filter: {},
  after: null,
  before: null,
  limit: 1_000,
  backwards: false,
  ...of,
})

interface Scene {
  readonly profile: ProfileStorage
  readonly hermes: HermesDb
  readonly statements: SqlStatement[]
  /** Adds a message to what is kept here, at a time in seconds; its id. */
  keep(text: string, at: number): Promise<string>
}

/** A profile with a Hermes of its own, whose search runs in its thread. Goes with the test. */
function newScene(): Scene {
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
    keep: async (text, at) => {
      const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: at * 1000 })
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

test('what is kept here and what Hermes has is found together, by one order', async () => {
  const { profile, hermes, keep } = newScene()
  hermes.addSession('s', { title: 'The needle' })
  const ours: string[] = []
  for (let at = 1; at <= 9; at++) {
    if (at % 3 === 0) hermes.addMessage('s', at, { content: at === 3 ? 'needles' : 'needle' })
    else ours[at] = await keep(at === 4 ? 'needles' : 'needle', at)
  }
  const all = ['s', 's:3', ours[8], ours[7], 's:2', ours[5], ours[2], ours[1], ours[4], 's:1']
  const find = (request: Partial<SearchRequest>) => profile.search.find(about('needle', request), never)
  expect((await find({})).hits.map(hitId)).toEqual(all)
  for (const size of [1, 3]) {
    for (const backwards of [false, true]) expect((await readAllPages(find, size, backwards)).map(hitId)).toEqual(all)
  }
  const ofHermes = all.filter((id) => id?.startsWith('s'))
  expect((await find({ filter: { origin: 'HERMES' } })).hits.map(hitId)).toEqual(ofHermes)
  expect((await find({ filter: { origin: 'SEGUE' } })).hits.map(hitId)).toEqual(
    all.filter((id) => !ofHermes.includes(id)),
  )
})

test('before anything was written nothing is found, and no file is made by looking', async () => {
  const { profile, hermes, statements, keep } = newScene()
  statements.length = 0
  expect(await profile.search.find(about('needle'), never)).toEqual({ hits: [], searchedUpTo: null })
  expect(statements.filter(({ path }) => path.endsWith('segue.db'))).toEqual([])
  expect(existsSync(join(dirname(hermes.path), 'home', 'segue.db'))).toBe(false)
  const id = await keep('needle', 1)
  expect((await profile.search.find(about('needle'), never)).hits.map(hitId)).toEqual([id])
})

test('statements are told with their file, and Hermes is only read', async () => {
  const { profile, hermes, statements, keep } = newScene()
  hermes.addSession('s', { title: 'needle' })
  await keep('needle', 1)
  statements.length = 0
  await profile.search.find(about('needle'), never)
  for (const name of ['segue', 'hermes']) {
    expect(statements.some(({ database, sql }) => database === name && sql.startsWith('SELECT'))).toBe(true)
  }
  for (const { sql } of statements) expect(sql).toMatch(/^\s*(SELECT|PRAGMA|BEGIN|COMMIT)/)
})

describe('a search that nobody waits for any more', () => {
  test('stops, and leaves its place to others', async () => {
    const { profile, hermes } = newScene()
    hermes.addSession('s')
    hermes.db.exec(`WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
      INSERT INTO messages (session_id, role, content, timestamp)
      SELECT 's', 'user', 'a message of some words without that one', n FROM numbers`)
    const left = Array.from({ length: 20 }, (_, index) => {
      const leaving = new AbortController()
      const found = profile.search.find(about(`needle ${index}`), leaving.signal)
      return { found, leave: () => leaving.abort() }
    })
    for (const { leave } of left) leave()
    for (const { found } of left) expect(await found).toEqual({ hits: [], searchedUpTo: null })
    expect(await profile.search.find(about('needle'), AbortSignal.abort())).toEqual({ hits: [], searchedUpTo: null })
    expect((await profile.search.find(about('one', { limit: 2 }), never)).hits).toHaveLength(2)
  })

  test('does not hold up the end of everything', async () => {
    const { profile, keep } = newScene()
    await keep('needle', 1)
    const under = Array.from({ length: 10 }, () => profile.search.find(about('needle'), never))
    await profile.close()
    for (const found of under) expect(await found).toEqual({ hits: [], searchedUpTo: null })
    expect(await profile.search.find(about('needle'), never)).toEqual({ hits: [], searchedUpTo: null })
  })
})
