import Database from 'better-sqlite3'
import fc from 'fast-check'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SessionRecord } from '../../../src/model/session.ts'
import { ask, request } from '../../support/server/graphql-request.ts'
import { HermesDb, type HermesRow } from '../../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
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
let own: Database.Database

beforeAll(async () => {
  hermesHome = newTempFolder()
  hermes = new HermesDb(join(hermesHome, 'state.db'))
  segue = await startTestSegue({ settings: { hermesHome } })
  await keep('ses_00000000000000000000000001', 1)
  own = new Database(join(segue.home, 'segue.db'))
})

afterAll(async () => {
  own.close()
  hermes.close()
  await segue[Symbol.asyncDispose]()
  rmSync(hermesHome, { recursive: true, force: true })
})

beforeEach(() => {
  own.exec('DELETE FROM sessions')
  hermes.db.exec('DELETE FROM messages; DELETE FROM sessions')
})

/** A session kept here, last active at a time in milliseconds. */
async function keep(id: string, at: number, of: Partial<SessionRecord> = {}): Promise<string> {
  const session = newSessionRecord({ id, origin: 'SEGUE', source: 'segue', startedAt: at, lastActivityAt: at, ...of })
  await segue.defaultProfile.profile.eventStore.createSession({ session, messages: [] })
  return id
}

/** A session of Hermes with one message at a time in milliseconds. */
function told(id: string, at: number, row: HermesRow = {}): string {
  hermes.addMessage(hermes.addSession(id, row), at / 1000, { content: 'hello' })
  return id
}

/** The id of a session kept here. */
const mine = (index: number): string => `ses_01h455vb4pex5vsknk084s${String(index).padStart(4, '0')}`

async function page(args: Args) {
  const { sessions } = await ask(segue.url, listSchema, { query, variables: { ...args } })
  return { ...sessions, ids: sessions.edges.map(({ node }) => node.id) }
}

/** All of the list, in pages of a size. */
async function walk(size: number, direction: 'forwards' | 'backwards', filter: object = {}): Promise<string[]> {
  let ids: string[] = []
  for (let cursor: string | null = null; ;) {
    const forwards = direction === 'forwards'
    const found = await page({
      ...(forwards ? { first: size, after: cursor } : { last: size, before: cursor }),
      filter,
    })
    ids = forwards ? [...ids, ...found.ids] : [...found.ids, ...ids]
    if (!(forwards ? found.pageInfo.hasNextPage : found.pageInfo.hasPreviousPage)) return ids
    cursor = forwards ? found.pageInfo.endCursor : found.pageInfo.startCursor
  }
}

describe('order', () => {
  test('the newest activity comes first, whoever keeps the session', async () => {
    told('old', 1000)
    await keep(mine(1), 2000)
    told('middle', 3000)
    await keep(mine(2), 4000)
    told('new', 5000)
    const { edges } = await page({ first: 10 })
    expect(edges.map(({ node }) => [node.id, node.lastActivityAt])).toEqual([
      ['new', '1970-01-01T00:00:05.000Z'],
      [mine(2), '1970-01-01T00:00:04.000Z'],
      ['middle', '1970-01-01T00:00:03.000Z'],
      [mine(1), '1970-01-01T00:00:02.000Z'],
      ['old', '1970-01-01T00:00:01.000Z'],
    ])
  })

  test('the newest message counts, not the start', async () => {
    told('begun early', 9000, { started_at: 1 })
    told('begun late', 8000, { started_at: 8 })
    hermes.addMessage('begun late', 0.5, { content: 'a clock that went wrong' })
    hermes.addSession('empty, begun between', { started_at: 8.5 })
    expect((await page({})).ids).toEqual(['begun early', 'empty, begun between', 'begun late'])
  })

  test('of equal times the greater id comes first, as bytes compare', async () => {
    const ids = ['a', 'A', 'ä', 'z', '\uFF5E', '😀', 'ses', 'tes']
    for (const id of ids) told(id, 1000)
    for (const index of [1, 2]) await keep(mine(index), 1000)
    const expected = [...ids, mine(1), mine(2)].sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)))
    expect((await page({ first: 100 })).ids).toEqual(expected)
    for (const size of [1, 2, 3]) expect(await walk(size, 'forwards'), `${size}`).toEqual(expected)
    for (const size of [1, 2, 3]) expect(await walk(size, 'backwards'), `${size}`).toEqual(expected)
  })

  test('a new message brings its session to the top', async () => {
    for (let i = 1; i <= 3; i++) told(`s${i}`, i * 1000)
    await keep(mine(1), 2500)
    expect((await page({})).ids).toEqual(['s3', mine(1), 's2', 's1'])
    hermes.addMessage('s1', 9, { content: 'again' })
    expect((await page({})).ids).toEqual(['s1', 's3', mine(1), 's2'])
    const started = z.object({ startChat: z.object({ id: z.string() }) })
    await ask(segue.url, started, {
      query: `mutation { startChat(input: { sessionId: "${mine(1)}", text: "hello" }) { id } }`,
    })
    expect((await page({})).ids).toEqual([mine(1), 's1', 's3', 's2'])
  })

  test('empty sessions and archived ones are listed', async () => {
    hermes.addSession('empty')
    told('archived', 5000, { archived: 1 })
    told('hidden', 4000, { hidden: 1 })
    await keep(mine(1), 3000, { archived: true })
    expect((await page({})).ids).toEqual(['archived', 'hidden', mine(1), 'empty'])
  })

  test('without any there is an empty page', async () => {
    const { ids, pageInfo } = await page({})
    expect(ids).toEqual([])
    expect(pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null })
  })
})

describe('pages', () => {
  /** Twenty sessions of both origins, some at the same time; in the list's order. */
  async function twenty(): Promise<string[]> {
    const sessions = Array.from({ length: 20 }, (_, i) => ({ at: 1000 * Math.floor(i / 3 + 1), own: i % 2 === 0, i }))
    const made = []
    for (const { at, own: isOwn, i } of sessions) {
      made.push({ at, id: isOwn ? await keep(mine(i), at) : told(`s${i}`, at) })
    }
    return made.sort((a, b) => b.at - a.at || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id))).map(({ id }) => id)
  }

  test('forwards and backwards, in pages of any size, give one and the same list', async () => {
    const expected = await twenty()
    for (const size of [1, 2, 3, 7, 19, 20, 21, 1000]) {
      expect(await walk(size, 'forwards'), `forwards by ${size}`).toEqual(expected)
      expect(await walk(size, 'backwards'), `backwards by ${size}`).toEqual(expected)
    }
  })

  test('any two cursors cut out what lies between them', async () => {
    const expected = await twenty()
    const { edges } = await page({ first: 20 })
    const index = fc.option(fc.nat({ max: 19 }))
    const size = fc.record({ size: fc.integer({ min: 1, max: 22 }), backwards: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(index, index, size, async (from, to, { size: wanted, backwards }) => {
        const bounds = {
          after: from === null ? null : edges[from]?.cursor,
          before: to === null ? null : edges[to]?.cursor,
        }
        const found = await page({ ...(backwards ? { last: wanted } : { first: wanted }), ...bounds })
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

  test('50 when no size is given, 1,000 at the most', async () => {
    hermes.transaction(() => {
      for (let i = 0; i < 1001; i++) told(`s${i}`, 1000 + i)
    })
    expect((await page({})).ids).toHaveLength(50)
    const { ids, pageInfo } = await page({ first: 1000 })
    expect(new Set(ids).size).toBe(1000)
    expect(pageInfo.hasNextPage).toBe(true)
    expect((await page({ last: 1000 })).ids.at(-1)).toBe('s0')
  })

  test('a cursor goes on from its place when its session has gone, and when others came before it', async () => {
    const expected = await twenty()
    const { ids, pageInfo } = await page({ first: 6 })
    expect(ids).toEqual(expected.slice(0, 6))
    // What was shown goes, what was not goes too; something new comes on top, and something old at the bottom.
    const [shown, next] = [expected[5] ?? '', expected[8] ?? '']
    for (const id of [shown, next]) {
      own.prepare('DELETE FROM sessions WHERE id = ?').run(id)
      hermes.db.prepare('DELETE FROM messages WHERE session_id = ?').run(id)
      hermes.db.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    }
    told('newest', 99_000)
    await keep(mine(99), 98_000)
    told('oldest', 10)
    await keep(mine(98), 11)
    const rest = await page({ first: 100, after: pageInfo.endCursor })
    expect(rest.ids).toEqual([...expected.slice(6).filter((id) => id !== next), mine(98), 'oldest'])
    const before = await page({ last: 100, before: pageInfo.endCursor })
    expect(before.ids).toEqual(['newest', mine(99), ...expected.slice(0, 5)])
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
  })

  test('while sessions come and go, a walk shows each that stays once, and none twice', async () => {
    const staying = await twenty()
    const seen: string[] = []
    let after: string | null = null
    for (let i = 0; ; i++) {
      const { ids, pageInfo } = await page({ first: 3, after })
      seen.push(...ids)
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor
      // Between two of any others, at the top, and gone again a page later.
      hermes.db.exec("DELETE FROM messages WHERE session_id LIKE 'guest%'; DELETE FROM sessions WHERE id LIKE 'guest%'")
      for (const at of [500, 1500, 2500, 3500, 4500, 99_000]) told(`guest ${i} ${at}`, at)
    }
    const stayed = new Set(staying)
    expect(seen.filter((id) => stayed.has(id))).toEqual(staying)
    expect(new Set(seen).size).toBe(seen.length)
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
  ])('%j is refused, and the error names the argument', async (variables, path) => {
    const { errors } = await request(segue.url, { query, variables })
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', path } }])
  })
})

describe('filters', () => {
  beforeEach(async () => {
    told('terminal', 9000)
    told('web', 8000, { source: 'webui', pinned: 1 })
    told('phone', 7000, { source: 'telegram', archived: 1 })
    told('plugin', 6000, { source: 'something new' })
    told('without a source', 5500, { source: '' })
    told('job', 5000, { source: 'cron', archived: 1, pinned: 1 })
    await keep(mine(1), 6500)
    await keep(mine(2), 4000, { archived: true })
    await keep(mine(3), 3000, { pinned: true })
  })

  test.each<[object, string[]]>([
    [{ channels: ['CLI'] }, ['terminal']],
    [{ channels: ['WEB', 'MESSAGING'] }, ['web', 'phone']],
    [{ channels: ['SEGUE'] }, [mine(1), mine(2), mine(3)]],
    [{ channels: ['SEGUE', 'CRON'] }, [mine(1), 'job', mine(2), mine(3)]],
    [{ channels: ['OTHER'] }, ['plugin', 'without a source']],
    [{ channels: ['API', 'TOOL'] }, []],
    [{ channels: [] }, []],
    [{ origin: 'SEGUE' }, [mine(1), mine(2), mine(3)]],
    [{ origin: 'SEGUE', channels: ['CLI'] }, []],
    [{ origin: 'HERMES', channels: ['SEGUE', 'CLI'] }, ['terminal']],
    [{ archived: true }, ['phone', 'job', mine(2)]],
    [{ archived: false, origin: 'SEGUE' }, [mine(1), mine(3)]],
    [{ pinned: true }, ['web', 'job', mine(3)]],
    [{ pinned: false, archived: false }, ['terminal', mine(1), 'plugin', 'without a source']],
    [{ pinned: true, archived: true }, ['job']],
    [{ ids: ['web', mine(2), 'gone', 'web', 'terminal'] }, ['terminal', 'web', mine(2)]],
    [{ ids: [mine(1), 'job'], archived: true }, ['job']],
    [{ ids: [mine(1), 'job', 'web'], channels: ['SEGUE', 'WEB'] }, ['web', mine(1)]],
    [{ ids: [] }, []],
    [{ profile: 'default', pinned: true }, ['web', 'job', mine(3)]],
    [{ profile: 'another-one' }, []],
  ])('%j', async (filter, expected) => {
    expect((await page({ filter })).ids).toEqual(expected)
    for (const size of [1, 2]) {
      expect(await walk(size, 'forwards', filter)).toEqual(expected)
      expect(await walk(size, 'backwards', filter)).toEqual(expected)
    }
  })

  test('null filters nothing', async () => {
    const nothing = { channels: null, origin: null, archived: null, pinned: null, ids: null, profile: null }
    expect((await page({ filter: nothing })).ids).toHaveLength(9)
  })

  test('a rare channel is found far down the list', async () => {
    hermes.transaction(() => {
      for (let i = 0; i < 2000; i++) told(`many${i}`, 10_000 + i)
    })
    expect((await page({ first: 1, filter: { channels: ['CRON'] } })).ids).toEqual(['job'])
  })

  test('the list of a profile is the list', async () => {
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
