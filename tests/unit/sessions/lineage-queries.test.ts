import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../../support/server/graphql-request.ts'
import {
  type LineageFixture,
  type LineagePosition,
  sharedLineageFixture,
  withLineageFixture,
} from '../../support/sessions/family.ts'
import { countSessionReads } from '../../support/sessions/statements.ts'
import { yieldToEventLoop } from '../../../src/lib/yield-to-event-loop.ts'

const alone = (id: string): LineagePosition => [null, id, 1]

/** The list as far as it is about these sessions, which also have to say the same when they are asked for alone. */
async function expectPlaces(
  family: LineageFixture,
  expected: Readonly<Record<string, LineagePosition>>,
): Promise<void> {
  const listed = await family.loadAllPositions()
  for (const [id, place] of Object.entries(expected)) {
    expect(listed.get(id), `${id} in the list`).toEqual(place)
    expect(await family.loadPosition(id), `${id} alone`).toEqual(place)
  }
}

/** How many rows each read by id asked for, while lineage alone is what a page costs more. */
async function lineageReads(family: LineageFixture, first: number) {
  const idsOnly = `{ sessions(first: ${first}) { edges { node { id } } } }`
  // The first list of all makes an index, which is not what is counted here.
  for (let i = 0; i < 2; i++) {
    family.statements.length = 0
    await fetch(`${family.segue.url}/graphql?query=${encodeURIComponent(idsOnly)}`)
  }
  const plain = {
    segue: countSessionReads(family.statements, 'segue'),
    hermes: countSessionReads(family.statements, 'hermes'),
  }
  family.statements.length = 0
  const { places } = await family.loadPage(first)
  return {
    places,
    segue: countSessionReads(family.statements, 'segue').slice(plain.segue.length),
    hermes: countSessionReads(family.statements, 'hermes').slice(plain.hermes.length),
  }
}

describe('what a session continues', () => {
  const shared = sharedLineageFixture()

  test('two that continue each other stand alone, and so does what hangs off them', async () => {
    const family = shared()
    family.addSegment('a', 'b')
    family.addSegment('b', 'a')
    family.addSegment('hangs', 'a')
    family.addSegment('hangs lower', 'hangs')
    await expectPlaces(family, {
      a: alone('a'),
      b: alone('b'),
      hangs: alone('hangs'),
      'hangs lower': alone('hangs lower'),
    })
  })

  test('a session that is its own parent stands alone, and can be continued', async () => {
    const family = shared()
    family.addSegment('self', 'self')
    family.addSegment('next', 'self')
    await expectPlaces(family, { self: alone('self'), next: ['self', 'self', 2] })
  })

  test('an orphan stands alone, whether its parent is gone or never was', async () => {
    const family = shared()
    family.addSegment('orphan', 'gone')
    family.addSegment('child of the orphan', 'orphan')
    family.addSegment('of the empty id', '')
    family.addSegment('of one of ours', 'ses_01h455vb4pex5vsknk084sn02q')
    family.addSegment('of a message', 'orphan:1')
    await expectPlaces(family, {
      orphan: alone('orphan'),
      'child of the orphan': ['orphan', 'orphan', 2],
      'of the empty id': alone('of the empty id'),
      'of one of ours': alone('of one of ours'),
      'of a message': alone('of a message'),
    })
  })

  test('nothing is continued that ended otherwise, or not at all', async () => {
    const family = shared()
    const endings = [
      'branched',
      'user_exit',
      'new_reset',
      'Compression',
      'CLI_CLOSE',
      'compression ',
      'next year',
      null,
    ]
    const expected: Record<string, LineagePosition> = {}
    for (const [i, end_reason] of endings.entries()) {
      family.addSegment(`p${i}`, null, { end_reason })
      family.addSegment(`c${i}`, `p${i}`)
      expected[`c${i}`] = alone(`c${i}`)
    }
    for (const end_reason of ['compression', 'cli_close']) {
      family.addSegment(end_reason, null, { end_reason })
      expected[family.addSegment(`after ${end_reason}`, end_reason)] = [end_reason, end_reason, 2]
    }
    await expectPlaces(family, expected)
  })

  test('a branch, a delegate and a reset stand alone; a chat that goes on from one continues it', async () => {
    const family = shared()
    family.addSegment('trunk', null)
    const expected: Record<string, LineagePosition> = {}
    for (const marker of ['_branched_from', '_delegate_from', '_reset_from']) {
      const model_config = JSON.stringify({ temperature: 1, [marker]: 'trunk' })
      family.addSegment(marker, 'trunk', { model_config })
      // A continuation inherits its parent's settings, the marker among them.
      family.addSegment(`${marker}, continued`, marker, { model_config })
      family.addSegment(`${marker}, elsewhere`, 'trunk', { model_config: JSON.stringify({ [marker]: 'another' }) })
      expected[marker] = alone(marker)
      expected[`${marker}, continued`] = [marker, marker, 2]
      expected[`${marker}, elsewhere`] = ['trunk', 'trunk', 2]
    }
    await expectPlaces(family, expected)
  })

  test('a marker counts only as the text that names the parent; what is no JSON marks nothing', async () => {
    const family = shared()
    family.addSegment('7', null)
    const configs = [
      '{"_branched_from": "7"',
      'null',
      '[]',
      '7',
      '"_branched_from"',
      '',
      '{"_branched_from": null}',
      '{"_branched_from": 7}',
      '{"_branched_from": ["7"]}',
      '{"_Branched_From": "7"}',
      '{"x": {"_branched_from": "7"}}',
    ]
    const expected: Record<string, LineagePosition> = { marked: alone('marked') }
    for (const [i, model_config] of configs.entries()) {
      family.addSegment(`c${i}`, '7', { model_config })
      expected[`c${i}`] = ['7', '7', 2]
    }
    family.addSegment('marked', '7', { model_config: '{"_branched_from": "7"}' })
    await expectPlaces(family, expected)
  })

  test('what a tool or a subagent did is no continuation, and can be continued itself', async () => {
    const family = shared()
    family.addSegment('trunk', null)
    const expected: Record<string, LineagePosition> = {}
    for (const source of ['tool', 'subagent']) {
      family.addSegment(source, 'trunk', { source })
      family.addSegment(`${source}'s own`, source, { source: 'cli' })
      expected[source] = alone(source)
      expected[`${source}'s own`] = [source, source, 2]
    }
    for (const source of ['webui', 'cron', 'kanban', 'Tool']) {
      family.addSegment(source, 'trunk', { source })
      expected[source] = ['trunk', 'trunk', 2]
    }
    await expectPlaces(family, expected)
  })

  test('a chain goes on from Hermes into sessions kept here', async () => {
    const family = shared()
    family.addSegment('a', null)
    family.addSegment('b', 'a', { end_reason: 'cli_close' })
    const [first, second] = [await family.continueSession('b'), await family.continueSession('b')]
    await expectPlaces(family, {
      a: alone('a'),
      b: ['a', 'a', 2],
      [first]: ['b', 'a', 3],
      [second]: ['b', 'a', 3],
    })
  })

  test('a chain that crosses is cut when Hermes lets go of its part, and whole again with it', async () => {
    const family = shared()
    family.addSegment('a', null)
    const own = await family.continueSession('a')
    expect(await family.loadPosition(own)).toEqual(['a', 'a', 2])
    family.hermes.db.exec("DELETE FROM sessions WHERE id = 'a'")
    expect(await family.loadPosition(own)).toEqual(alone(own))
    family.addSegment('a', null)
    expect(await family.loadPosition(own)).toEqual(['a', 'a', 2])
  })

  test('ids that could be confused are told apart: upper case, spaces, quotes, marks', async () => {
    const family = shared()
    const ids = ['x', 'X', ' x', "x'", 'x"', 'x\\', 'x,y', '["x"]', 'ẍ', '😀']
    const expected: Record<string, LineagePosition> = {}
    for (const id of ids) {
      family.addSegment(id, null)
      family.addSegment(`after ${id}`, id)
      expected[`after ${id}`] = [id, id, 2]
    }
    await expectPlaces(family, expected)
  })
})

describe('in a file without some columns', () => {
  test.each(['parent_session_id', 'end_reason'])('without %s nothing continues anything', (column) =>
    withLineageFixture(async (family) => {
      family.addSegment('a', null)
      family.addSegment('b', 'a')
      family.hermes.db.exec(`DROP INDEX idx_sessions_parent; ALTER TABLE sessions DROP COLUMN ${column}`)
      await expectPlaces(family, { a: alone('a'), b: alone('b') })
    }),
  )

  test('without model_config nothing is marked', () =>
    withLineageFixture(async (family) => {
      family.addSegment('a', null)
      family.addSegment('b', 'a', { model_config: '{"_branched_from": "a"}' })
      expect(await family.loadPosition('b')).toEqual(alone('b'))
      family.hermes.db.exec('ALTER TABLE sessions DROP COLUMN model_config')
      family.statements.length = 0
      await expectPlaces(family, { b: ['a', 'a', 2] })
    }))
})

/** Eight characters, as `rowReads` counts them: a letter and a number. */
const name = (letter: string, index: number): string => `${letter}${String(index).padStart(7, '0')}`

const chain = (family: LineageFixture, letter: string, length: number): void =>
  family.hermes.transaction(() => {
    for (let i = 0; i < length; i++) family.addSegment(name(letter, i), i === 0 ? null : name(letter, i - 1))
  })

describe('what a page costs', () => {
  test('one read for a chain of 40 that lies on it, one a hop for its last segment alone', () =>
    withLineageFixture(async (family) => {
      chain(family, 's', 40)
      const { places, hermes, segue } = await lineageReads(family, 100)
      for (let i = 1; i < 40; i++) expect(places.get(name('s', i))).toEqual([name('s', i - 1), name('s', 0), i + 1])
      expect([hermes, segue]).toEqual([[39], []])
      family.statements.length = 0
      expect(await family.loadPosition(name('s', 39))).toEqual([name('s', 38), name('s', 0), 40])
      expect(countSessionReads(family.statements, 'hermes')).toEqual(Array.from({ length: 40 }, () => 1))
    }))

  test('1,000 hops at the most, for a chain of 1,100', () =>
    withLineageFixture(async (family) => {
      chain(family, 's', 1099)
      family.addSegment(name('s', 1099), name('s', 1098), { started_at: 100 })
      const cutOff = [name('s', 1098), name('s', 99), 1001]
      expect(await family.loadPosition(name('s', 1099))).toEqual(cutOff)
      expect(countSessionReads(family.statements, 'hermes')).toHaveLength(1001)
      expect(await family.loadPosition(name('s', 1000))).toEqual([name('s', 999), name('s', 0), 1001])
      // Behind the server's own session it is the newest.
      expect((await family.loadPage(2)).places.get(name('s', 1099))).toEqual(cutOff)
    }))

  test('one row for 1,500 children of one root', () =>
    withLineageFixture(async (family) => {
      const root = family.addSegment(name('r', 0), null)
      family.hermes.transaction(() => {
        for (let i = 0; i < 1500; i++) family.addSegment(name('c', i), root, { started_at: 10 + i })
      })
      const { places, hermes, segue } = await lineageReads(family, 1000)
      expect(places.size).toBe(1000)
      expect([hermes, segue]).toEqual([[1], []])
      const all = await family.loadAllPositions()
      for (let i = 0; i < 1500; i++) expect(all.get(name('c', i))).toEqual([root, root, 2])
      expect(all.get(root)).toEqual(alone(root))
    }))

  test('one read a hop and 500 ids, for 999 chains of five whose tips lie on it', () =>
    withLineageFixture(async (family) => {
      family.hermes.transaction(() => {
        for (let i = 0; i < 5 * 999; i++) {
          const segment = i % 5
          const row = { started_at: segment === 4 ? 100 : 2 }
          family.addSegment(name('s', i), segment === 0 ? null : name('s', i - 1), row)
        }
      })
      // The server's own empty session is the newest of all, and takes one place.
      const { places, hermes } = await lineageReads(family, 1000)
      expect([...places.values()].filter(([, , count]) => count === 5)).toHaveLength(999)
      expect(hermes).toEqual([500, 499, 500, 499, 500, 499, 500, 499])
    }))

  test('one read a hop, also when some walks of a page of 800 are longer than others', () =>
    withLineageFixture(async (family) => {
      family.hermes.transaction(() => {
        for (let i = 0; i < 799; i++) {
          // Every 40th chain has six segments, the others two.
          const segments = i % 40 === 0 ? 6 : 2
          for (let j = 0; j < segments; j++) {
            const row = { started_at: j === segments - 1 ? 100 : 2 }
            family.addSegment(name('abcdef'[j] ?? '', i), j === 0 ? null : name('abcdef'[j - 1] ?? '', i), row)
          }
        }
      })
      const { hermes } = await lineageReads(family, 800)
      expect(hermes).toEqual([500, 299, 20, 20, 20, 20])
    }))

  test('one read a hop, also where a walk goes on from a row that another one has loaded', () =>
    withLineageFixture(async (family) => {
      const late = { started_at: 100 }
      chain(family, 's', 6)
      // One walk stops at a row that another one comes to a hop later: it must not run ahead of the third from there.
      const marked = family.addSegment(name('m', 0), name('s', 5), {
        ...late,
        model_config: JSON.stringify({ _branched_from: name('s', 5) }),
      })
      const between = family.addSegment(name('b', 0), name('s', 5))
      const tip = family.addSegment(name('t', 0), between, late)
      chain(family, 'o', 7)
      const other = family.addSegment(name('t', 1), name('o', 6), late)
      const { places, hermes } = await lineageReads(family, 4)
      expect(places.get(marked)).toEqual(alone(marked))
      expect(places.get(tip)).toEqual([between, name('s', 0), 8])
      expect(places.get(other)).toEqual([name('o', 6), name('o', 0), 8])
      expect(hermes.length).toBeLessThanOrEqual(7)
    }))

  test('one read a hop and file for chains that cross into sessions kept here', () =>
    withLineageFixture(async (family) => {
      chain(family, 's', 3)
      for (let i = 0; i < 20; i++) await family.continueSession(name('s', 2))
      const { places, hermes, segue } = await lineageReads(family, 20)
      expect([...places.values()]).toEqual(Array.from({ length: 20 }, () => [name('s', 2), name('s', 0), 4]))
      expect([hermes, segue]).toEqual([[1, 1, 1], []])
    }))

  test('no more among 1,000 sessions than among a few, in either file', () =>
    withLineageFixture(async (family) => {
      chain(family, 's', 3)
      const tip = await family.continueSession(name('s', 2))
      const few = await lineageReads(family, 50)
      family.hermes.transaction(() => {
        for (let i = 0; i < 1000; i++) {
          family.hermes.addMessage(family.addSegment(name('m', i), null), 2, { content: 'hello' })
        }
      })
      const { sessions } = family.segue.defaultProfile
      for (let i = 0; i < 1000; i++) await sessions.create({ title: null, model: null, continues: null })
      // Connections that were idle for too long meanwhile are closed now, before they are used again.
      for (let turn = 0; turn < 3; turn++) await yieldToEventLoop()
      family.statements.length = 0
      expect(await family.loadPosition(tip)).toEqual([name('s', 2), name('s', 0), 4])
      expect(countSessionReads(family.statements, 'hermes')).toEqual([1, 1, 1])
      expect(countSessionReads(family.statements, 'segue')).toEqual([1])
      const many = await lineageReads(family, 50)
      expect(many.hermes.length).toBeLessThanOrEqual(few.hermes.length)
    }))

  test('no more than 500 ids a read, however many a filter names, in either file', () =>
    withLineageFixture(async (family) => {
      const ids = Array.from({ length: 501 }, (_, i) => name('s', i))
      family.hermes.transaction(() => ids.forEach((id) => family.addSegment(id, null)))
      expect((await list(family, `first: 1000, filter: { ids: ${JSON.stringify(ids)} }`)).ids.toSorted()).toEqual(ids)
      const own: string[] = []
      for (let i = 0; i < 501; i++) {
        const session = await family.segue.defaultProfile.sessions.create({
          title: null,
          model: null,
          continues: name('s', 0),
        })
        own.push(session.id)
      }
      const found = await list(family, `first: 1000, filter: { origin: SEGUE, ids: ${JSON.stringify(own)} }`)
      expect(found.ids.toSorted()).toEqual(own.toSorted())
    }))
})

describe('a filter', () => {
  const shared = sharedLineageFixture()
  const crossed: string[] = []
  /** Chains that cross, made once: what is kept here stays from test to test. */
  async function withChains(): Promise<LineageFixture> {
    const family = shared()
    chain(family, 's', 30)
    for (let i = crossed.length; i < 30; i++) crossed.push(await family.continueSession(name('s', i)))
    return family
  }

  test.each([
    '{ archived: true }',
    '{ pinned: true }',
    '{ archived: false, pinned: false }',
    '{ channels: [SEGUE] }',
    '{ channels: [WEB] }',
    '{ origin: SEGUE, pinned: true }',
    '{ origin: HERMES, channels: [CLI, CRON] }',
  ])('costs no whole table: %s', async (filter) => {
    const family = await withChains()
    const { pageInfo } = await list(family, `first: 5, filter: ${filter}`)
    await list(family, `last: 5, filter: ${filter}`)
    const cursor = JSON.stringify(pageInfo.endCursor)
    await list(family, `first: 5, after: ${cursor}, filter: ${filter}`)
    await list(family, `last: 5, before: ${cursor}, filter: ${filter}`)
  })
})

const listSchema = z.object({
  sessions: z.object({
    edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
    pageInfo: z.object({ endCursor: z.string().nullable() }),
  }),
})

/** A page with all that can be asked for its sessions. */
async function list(family: LineageFixture, args: string) {
  const { sessions } = await ask(family.segue.url, listSchema, {
    query: `{ sessions(${args}) {
      edges { node { id messageCount segmentCount activeStream { id } messages(first: 3) { edges { node { id text } } } } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    } }`,
  })
  return { ids: sessions.edges.map(({ node }) => node.id), pageInfo: sessions.pageInfo }
}

test('what a session says does not depend on what else is asked for', () =>
  withLineageFixture(async (family) => {
    family.hermes.db.pragma('foreign_keys = OFF')
    const ends = ['compression', 'cli_close', 'compression', 'branched', null]
    const sources = ['cli', 'cli', 'webui', 'subagent', 'telegram']
    // Links that go everywhere: chains, cycles, branches of them.
    family.hermes.transaction(() => {
      for (let i = 0; i < 100; i++) {
        const parent = `s${(i * 31 + 7) % 100}`
        const model_config = i % 11 === 0 ? JSON.stringify({ _branched_from: parent }) : null
        const row = { end_reason: ends[i % 5] ?? null, source: sources[(i * 3) % 7] ?? 'cli', model_config }
        family.addSegment(`s${i}`, parent, row)
      }
    })
    const all = await family.loadAllPositions()
    expect(new Set([...all.values()].map(([, , count]) => count)).size).toBeGreaterThan(2)
    for (const [id, place] of all) expect(await family.loadPosition(id), id).toEqual(place)
    for (let after: string | null = null; ;) {
      const { places, endCursor } = await family.loadPage(7, after)
      for (const [id, place] of places) expect(place, id).toEqual(all.get(id))
      if (endCursor === null) break
      after = endCursor
    }
  }))
