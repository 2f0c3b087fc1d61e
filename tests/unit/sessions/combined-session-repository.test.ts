import fc from 'fast-check'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SessionRecord } from '../../../src/model/session.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import { ask, request } from '../../support/server/graphql-request.ts'
import { HermesDb, type HermesRow } from '../../support/hermes/hermes-db.ts'
import { type TestSegue, newHome, newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'

const listSchema = z.object({
  sessions: z.object({
    edges: z.array(z.object({ cursor: z.string(), node: z.object({ id: z.string(), lastActivityAt: z.string() }) })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string().nullable(),
      endCursor: z.string().nullable(),
    }),
  }),
})

interface Args {
  readonly first?: number
  readonly last?: number
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
  readonly filter?: object
}

const query = `query ($first: Int, $last: Int, $after: String, $before: String, $filter: SessionFilter) {
  sessions(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
    edges { cursor node { id lastActivityAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`

let hermesHome: string
let hermes: HermesDb
let segue: TestSegue
let segueDb: TestDatabase

beforeAll(async () => {
  hermesHome = newTempFolder()
  hermes = new HermesDb(join(hermesHome, 'state.db'))
  segue = await startTestSegue({ settings: { hermesHome } })
  await addSegueSession('ses_00000000000000000000000001', 1)
  segueDb = TestDatabase.write(segue.home)
})

afterAll(async () => {
  segueDb.close()
  hermes.close()
  await segue[Symbol.asyncDispose]()
  rmSync(hermesHome, { recursive: true, force: true })
})

beforeEach(() => {
  segueDb.exec('DELETE FROM sessions; DELETE FROM session_ids')
  hermes.db.exec('DELETE FROM messages; DELETE FROM sessions')
})

/** Adds a Segue session that was last active at a time in milliseconds. */
async function addSegueSession(id: string, at: number, fields: Partial<SessionRecord> = {}): Promise<string> {
  const session = newSessionRecord({
    id,
    origin: 'SEGUE',
    source: 'segue',
    startedAt: at,
    lastActivityAt: at,
    ...fields,
  })
  await segue.defaultProfile.profile.eventStore.createSession({ session, messages: [] })
  return id
}

/** Adds a Hermes session with one message at a time in milliseconds. */
function addHermesSession(id: string, at: number, row: HermesRow = {}): string {
  hermes.addMessage(hermes.addSession(id, row), at / 1000, { content: 'hello' })
  return id
}

/** The id of the n-th Segue session. */
const segueId = (index: number): string => `ses_01h455vb4pex5vsknk084s${String(index).padStart(4, '0')}`

async function queryPage(args: Args) {
  const { sessions } = await ask(segue.url, listSchema, { query, variables: { ...args } })
  return { ...sessions, ids: sessions.edges.map(({ node }) => node.id) }
}

/** Queries the whole list in pages of a size. */
async function queryAllPages(
  size: number,
  direction: 'forwards' | 'backwards',
  filter: object = {},
): Promise<string[]> {
  let ids: string[] = []
  for (let cursor: string | null = null; ;) {
    const forwards = direction === 'forwards'
    const found = await queryPage({
      ...(forwards ? { first: size, after: cursor } : { last: size, before: cursor }),
      filter,
    })
    ids = forwards ? [...ids, ...found.ids] : [...found.ids, ...ids]
    if (!(forwards ? found.pageInfo.hasNextPage : found.pageInfo.hasPreviousPage)) return ids
    cursor = forwards ? found.pageInfo.endCursor : found.pageInfo.startCursor
  }
}

describe('the list of sessions', () => {
  test('is ordered by activity, newest first, across Segue and Hermes', async () => {
    addHermesSession('old', 1000)
    await addSegueSession(segueId(1), 2000)
    addHermesSession('middle', 3000)
    await addSegueSession(segueId(2), 4000)
    addHermesSession('new', 5000)
    const { edges } = await queryPage({ first: 10 })
    expect(edges.map(({ node }) => [node.id, node.lastActivityAt])).toEqual([
      ['new', '1970-01-01T00:00:05.000Z'],
      [segueId(2), '1970-01-01T00:00:04.000Z'],
      ['middle', '1970-01-01T00:00:03.000Z'],
      [segueId(1), '1970-01-01T00:00:02.000Z'],
      ['old', '1970-01-01T00:00:01.000Z'],
    ])
  })

  test('takes the newest message as activity, and the start only if there is none', async () => {
    addHermesSession('begun early', 9000, { started_at: 1 })
    addHermesSession('begun late', 8000, { started_at: 8 })
    hermes.addMessage('begun late', 0.5, { content: 'a clock that went wrong' })
    hermes.addSession('empty, begun between', { started_at: 8.5 })
    expect((await queryPage({})).ids).toEqual(['begun early', 'empty, begun between', 'begun late'])
  })

  test('orders sessions with equal times by id, compared as bytes, greatest first', async () => {
    const ids = ['a', 'A', 'ä', 'z', '\uFF5E', '😀', 'ses', 'tes']
    for (const id of ids) addHermesSession(id, 1000)
    for (const index of [1, 2]) await addSegueSession(segueId(index), 1000)
    const expected = [...ids, segueId(1), segueId(2)].sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)))
    expect((await queryPage({ first: 100 })).ids).toEqual(expected)
    for (const size of [1, 2, 3]) expect(await queryAllPages(size, 'forwards'), `${size}`).toEqual(expected)
    for (const size of [1, 2, 3]) expect(await queryAllPages(size, 'backwards'), `${size}`).toEqual(expected)
  })

  test('moves a session to the top when it gets a message', async () => {
    for (let i = 1; i <= 3; i++) addHermesSession(`s${i}`, i * 1000)
    await addSegueSession(segueId(1), 2500)
    expect((await queryPage({})).ids).toEqual(['s3', segueId(1), 's2', 's1'])
    hermes.addMessage('s1', 9, { content: 'again' })
    expect((await queryPage({})).ids).toEqual(['s1', 's3', segueId(1), 's2'])
    const started = z.object({ startChat: z.object({ id: z.string() }) })
    await ask(segue.url, started, {
      query: `mutation { startChat(input: { sessionId: "${segueId(1)}", text: "hello" }) { id } }`,
    })
    expect((await queryPage({})).ids).toEqual([segueId(1), 's1', 's3', 's2'])
  })

  test('includes empty and archived sessions', async () => {
    hermes.addSession('empty')
    addHermesSession('archived', 5000, { archived: 1 })
    addHermesSession('hidden', 4000, { hidden: 1 })
    await addSegueSession(segueId(1), 3000, { archived: true })
    expect((await queryPage({})).ids).toEqual(['archived', 'hidden', segueId(1), 'empty'])
  })

  test('is an empty page without sessions', async () => {
    const { ids, pageInfo } = await queryPage({})
    expect(ids).toEqual([])
    expect(pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null })
  })
})

describe('pages', () => {
  /** Adds twenty sessions of both origins, some with equal times. Returns their ids in list order. */
  async function addTwentySessions(): Promise<string[]> {
    const sessions = Array.from({ length: 20 }, (_, i) => ({
      at: 1000 * Math.floor(i / 3 + 1),
      isSegue: i % 2 === 0,
      i,
    }))
    const added = []
    for (const { at, isSegue, i } of sessions) {
      added.push({ at, id: isSegue ? await addSegueSession(segueId(i), at) : addHermesSession(`s${i}`, at) })
    }
    return added.sort((a, b) => b.at - a.at || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id))).map(({ id }) => id)
  }

  test('of any size give the same list, forwards and backwards', async () => {
    const expected = await addTwentySessions()
    for (const size of [1, 2, 3, 7, 19, 20, 21, 1000]) {
      expect(await queryAllPages(size, 'forwards'), `forwards by ${size}`).toEqual(expected)
      expect(await queryAllPages(size, 'backwards'), `backwards by ${size}`).toEqual(expected)
    }
  })

  test('between any two cursors hold the sessions between them', async () => {
    const expected = await addTwentySessions()
    const { edges } = await queryPage({ first: 20 })
    const index = fc.option(fc.nat({ max: 19 }))
    const size = fc.record({ size: fc.integer({ min: 1, max: 22 }), backwards: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(index, index, size, async (from, to, { size: wanted, backwards }) => {
        const bounds = {
          after: from === null ? null : edges[from]?.cursor,
          before: to === null ? null : edges[to]?.cursor,
        }
        const found = await queryPage({ ...(backwards ? { last: wanted } : { first: wanted }), ...bounds })
        const between = expected.slice((from ?? -1) + 1, to ?? 20)
        const ids = backwards ? between.slice(-wanted) : between.slice(0, wanted)
        expect(found.ids).toEqual(ids)
        if (ids.length === 0) return
        const [start, end] = [expected.indexOf(ids[0] ?? ''), expected.indexOf(ids.at(-1) ?? '')]
        expect(found.pageInfo).toEqual({
          hasPreviousPage: start > 0,
          hasNextPage: end < 19,
          startCursor: edges[start]?.cursor,
          endCursor: edges[end]?.cursor,
        })
      }),
      { numRuns: 60 },
    )
  })

  test('hold 50 sessions by default and at most 1,000', async () => {
    hermes.transaction(() => {
      for (let i = 0; i < 1001; i++) addHermesSession(`s${i}`, 1000 + i)
    })
    expect((await queryPage({})).ids).toHaveLength(50)
    const { ids, pageInfo } = await queryPage({ first: 1000 })
    expect(new Set(ids).size).toBe(1000)
    expect(pageInfo.hasNextPage).toBe(true)
    expect((await queryPage({ last: 1000 })).ids.at(-1)).toBe('s0')
  })

  test('continue from a cursor whose session was deleted, and after insertions before it', async () => {
    const expected = await addTwentySessions()
    const { ids, pageInfo } = await queryPage({ first: 6 })
    expect(ids).toEqual(expected.slice(0, 6))
    // Deletes a session that was on the page and one that was not. Adds one at the top and one at the bottom.
    const [listed, next] = [expected[5] ?? '', expected[8] ?? '']
    for (const id of [listed, next]) {
      segueDb.run('DELETE FROM sessions WHERE id = ?', id)
      hermes.db.prepare('DELETE FROM messages WHERE session_id = ?').run(id)
      hermes.db.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    }
    addHermesSession('newest', 99_000)
    await addSegueSession(segueId(99), 98_000)
    addHermesSession('oldest', 10)
    await addSegueSession(segueId(98), 11)
    const rest = await queryPage({ first: 100, after: pageInfo.endCursor })
    expect(rest.ids).toEqual([...expected.slice(6).filter((id) => id !== next), segueId(98), 'oldest'])
    const before = await queryPage({ last: 100, before: pageInfo.endCursor })
    expect(before.ids).toEqual(['newest', segueId(99), ...expected.slice(0, 5)])
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
  })

  test('show each session once while others are added and deleted', async () => {
    const stable = await addTwentySessions()
    const listed: string[] = []
    let after: string | null = null
    for (let i = 0; ; i++) {
      const { ids, pageInfo } = await queryPage({ first: 3, after })
      listed.push(...ids)
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor
      // Adds sessions between others and at the top. They are deleted a page later.
      hermes.db.exec("DELETE FROM messages WHERE session_id LIKE 'guest%'; DELETE FROM sessions WHERE id LIKE 'guest%'")
      for (const at of [500, 1500, 2500, 3500, 4500, 99_000]) addHermesSession(`guest ${i} ${at}`, at)
    }
    const stableIds = new Set(stable)
    expect(listed.filter((id) => stableIds.has(id))).toEqual(stable)
    expect(new Set(listed).size).toBe(listed.length)
  })

  test.each([
    [{ first: 0 }, ['first']],
    [{ first: 1001 }, ['first']],
    [{ last: -1 }, ['last']],
    [{ last: 1001 }, ['last']],
    [{ first: 1, last: 1 }, ['last']],
    [{ after: 'nonsense' }, ['after']],
    [{ before: '' }, ['before']],
    [{ after: Buffer.from('["1","x"]').toString('base64url') }, ['after']],
    [{ after: Buffer.from('[1]').toString('base64url') }, ['after']],
    [{ after: Buffer.from('[1.5,"x"]').toString('base64url') }, ['after']],
    [{ before: Buffer.from('7').toString('base64url') }, ['before']],
    [{ filter: { profile: 'No Such' } }, ['filter', 'profile']],
    [{ filter: { profile: 'default\n' } }, ['filter', 'profile']],
    [{ filter: { profile: '../default' } }, ['filter', 'profile']],
    [{ filter: { ids: Array.from({ length: 1001 }, () => 'x') } }, ['filter', 'ids']],
  ])('refuse the arguments %j with an error that names the argument', async (variables, path) => {
    const { errors } = await request(segue.url, { query, variables })
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', path } }])
  })
})

describe('filters', () => {
  beforeEach(async () => {
    addHermesSession('terminal', 9000)
    addHermesSession('web', 8000, { source: 'webui', pinned: 1 })
    addHermesSession('phone', 7000, { source: 'telegram', archived: 1 })
    addHermesSession('plugin', 6000, { source: 'something new' })
    addHermesSession('without a source', 5500, { source: '' })
    addHermesSession('job', 5000, { source: 'cron', archived: 1, pinned: 1 })
    await addSegueSession(segueId(1), 6500)
    await addSegueSession(segueId(2), 4000, { archived: true })
    await addSegueSession(segueId(3), 3000, { pinned: true })
  })

  test.each<[object, string[]]>([
    [{ channels: ['CLI'] }, ['terminal']],
    [{ channels: ['WEB', 'MESSAGING'] }, ['web', 'phone']],
    [{ channels: ['SEGUE'] }, [segueId(1), segueId(2), segueId(3)]],
    [{ channels: ['SEGUE', 'CRON'] }, [segueId(1), 'job', segueId(2), segueId(3)]],
    [{ channels: ['OTHER'] }, ['plugin', 'without a source']],
    [{ channels: ['API', 'TOOL'] }, []],
    [{ channels: [] }, []],
    [{ origin: 'SEGUE' }, [segueId(1), segueId(2), segueId(3)]],
    [{ origin: 'SEGUE', channels: ['CLI'] }, []],
    [{ origin: 'HERMES', channels: ['SEGUE', 'CLI'] }, ['terminal']],
    [{ archived: true }, ['phone', 'job', segueId(2)]],
    [{ archived: false, origin: 'SEGUE' }, [segueId(1), segueId(3)]],
    [{ pinned: true }, ['web', 'job', segueId(3)]],
    [{ pinned: false, archived: false }, ['terminal', segueId(1), 'plugin', 'without a source']],
    [{ pinned: true, archived: true }, ['job']],
    [{ ids: ['web', segueId(2), 'gone', 'web', 'terminal'] }, ['terminal', 'web', segueId(2)]],
    [{ ids: [segueId(1), 'job'], archived: true }, ['job']],
    [{ ids: [segueId(1), 'job', 'web'], channels: ['SEGUE', 'WEB'] }, ['web', segueId(1)]],
    [{ ids: [] }, []],
    [{ profile: 'default', pinned: true }, ['web', 'job', segueId(3)]],
    [{ profile: 'another-one' }, []],
  ])('%j', async (filter, expected) => {
    expect((await queryPage({ filter })).ids).toEqual(expected)
    for (const size of [1, 2]) {
      expect(await queryAllPages(size, 'forwards', filter)).toEqual(expected)
      expect(await queryAllPages(size, 'backwards', filter)).toEqual(expected)
    }
  })

  test.each(['pinned', 'archived'])(
    'know that only Hermes has %s a conversation that goes on in Segue',
    async (flag) => {
      addHermesSession('begun in Hermes', 2000, { end_reason: 'cli_close', [flag]: 1 })
      const stored = (await queryPage({ filter: { [flag]: true } })).ids.filter((id) => id !== 'begun in Hermes')
      const others = (await queryPage({ filter: { [flag]: false, origin: 'SEGUE' } })).ids
      const continuations = [segueId(4), segueId(5), segueId(6)] // newer than all others
      for (const id of continuations)
        await addSegueSession(id, 99_000 - Number(id.at(-1)), { parentId: 'begun in Hermes' })
      const flagged = [...continuations, ...stored, 'begun in Hermes']
      for (const size of [1, 2]) {
        const filter = { [flag]: false, origin: 'SEGUE' }
        expect((await queryAllPages(size, 'forwards', { [flag]: true })).toSorted()).toEqual(flagged.toSorted())
        expect((await queryAllPages(size, 'backwards', { [flag]: true })).slice(0, 3)).toEqual(continuations)
        expect(await queryAllPages(size, 'forwards', filter)).toEqual(others)
        expect(await queryAllPages(size, 'backwards', filter)).toEqual(others)
      }
      expect((await queryPage({ filter: { ids: [segueId(4), segueId(1)], [flag]: true } })).ids).toEqual([segueId(4)])
      const { eventStore } = segue.defaultProfile.profile
      const sessionIds = ['begun in Hermes', ...continuations]
      await eventStore.updateConversationSettings({ sessionIds, patch: { [flag]: false } })
      expect((await queryPage({ filter: { [flag]: true } })).ids).toEqual(stored)
    },
  )

  test('do not know flags of a Hermes whose file is gone', async () => {
    const home = newHome()
    const file = new HermesDb(join(home, 'state.db'))
    file.addSession('begun', { end_reason: 'cli_close', pinned: 1 })
    file.addMessage('begun', 1, { content: 'Hello' })
    file.close()
    await using other = await startTestSegue({ settings: { hermesHome: home } })
    const { profile } = other.defaultProfile
    const sessions = new CombinedSessionRepository(profile)
    const { id } = await sessions.create({ title: null, model: null, continues: 'begun' })
    const page = { after: null, before: null, limit: 5, backwards: false }
    const listPinned = async () => (await sessions.listPage(page, { pinned: true })).map((session) => session.id)
    expect(await listPinned()).toEqual([id, 'begun'])
    rmSync(join(home, 'state.db'))
    expect(await listPinned()).toEqual([])
  })

  test('only those by flags of sessions of Segue ask Hermes for its flags', async () => {
    const { profile } = segue.defaultProfile
    let questions = 0
    const listFlagsFromHermes = () => {
      questions += 1
      return profile.listFlagsFromHermes()
    }
    const sessions = new CombinedSessionRepository({ ...profile, listFlagsFromHermes })
    const page = { after: null, before: null, limit: 5, backwards: false }
    await sessions.listPage(page, {})
    await sessions.listPage(page, { channels: ['CLI'] })
    await sessions.listPage(page, { archived: false, origin: 'HERMES' })
    expect(questions).toBe(0)
    await sessions.listPage(page, { archived: false })
    expect(questions).toBe(1)
  })

  test('null does not filter', async () => {
    const nothing = { channels: null, origin: null, archived: null, pinned: null, ids: null, profile: null }
    expect((await queryPage({ filter: nothing })).ids).toHaveLength(9)
  })

  test('a rare channel is found at the end of a long list', async () => {
    hermes.transaction(() => {
      for (let i = 0; i < 2000; i++) addHermesSession(`many${i}`, 10_000 + i)
    })
    expect((await queryPage({ first: 1, filter: { channels: ['CRON'] } })).ids).toEqual(['job'])
  })

  test('a profile has the same list', async () => {
    const { sessions } = await ask(
      segue.url,
      z.object({
        sessions: z.object({
          edges: z.array(
            z.object({
              node: z.object({ profile: z.object({ sessions: z.object({ edges: z.array(z.unknown()) }) }) }),
            }),
          ),
        }),
      }),
      {
        query: '{ sessions(first: 1) { edges { node { profile { sessions { edges { node { id } } } } } } } }',
      },
    )
    expect(sessions.edges[0]?.node.profile.sessions.edges).toHaveLength(9)
  })
})
