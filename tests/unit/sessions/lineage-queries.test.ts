import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../../support/server/graphql-request.ts'
import {
  type LineageFixture,
  type LineagePosition,
  sharedLineageFixture,
  withLineageFixture,
} from '../../support/sessions/lineage-fixture.ts'
import { countSessionReads } from '../../support/sessions/statements.ts'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'

const alone = (id: string): LineagePosition => [null, id, 1]

/** Expects the positions of sessions, both in the list and when each session is queried alone. */
async function expectPositions(
  fixture: LineageFixture,
  expected: Readonly<Record<string, LineagePosition>>,
): Promise<void> {
  const listed = await fixture.loadAllPositions()
  for (const [id, position] of Object.entries(expected)) {
    expect(listed.get(id), `${id} in the list`).toEqual(position)
    expect(await fixture.loadPosition(id), `${id} alone`).toEqual(position)
  }
}

/** Counts the ids of each read of sessions by id that a page needs for lineage alone. */
async function countLineageReads(fixture: LineageFixture, first: number) {
  const idsQuery = `{ sessions(first: ${first}) { edges { node { id } } } }`
  // The first query builds the index, which does not count.
  for (let i = 0; i < 2; i++) {
    fixture.statements.length = 0
    await fetch(`${fixture.segue.url}/graphql?query=${encodeURIComponent(idsQuery)}`)
  }
  const baseline = {
    segue: countSessionReads(fixture.statements, 'segue'),
    hermes: countSessionReads(fixture.statements, 'hermes'),
  }
  fixture.statements.length = 0
  const { positions } = await fixture.loadPage(first)
  return {
    positions,
    segue: countSessionReads(fixture.statements, 'segue').slice(baseline.segue.length),
    hermes: countSessionReads(fixture.statements, 'hermes').slice(baseline.hermes.length),
  }
}

describe('lineage', () => {
  const shared = sharedLineageFixture()

  test('makes the sessions of a cycle roots, and those that continue them', async () => {
    const fixture = shared()
    fixture.addSegment('a', 'b')
    fixture.addSegment('b', 'a')
    fixture.addSegment('child', 'a')
    fixture.addSegment('child of child', 'child')
    await expectPositions(fixture, {
      a: alone('a'),
      b: alone('b'),
      child: alone('child'),
      'child of child': alone('child of child'),
    })
  })

  test('makes a session that is its own parent a root, which others can continue', async () => {
    const fixture = shared()
    fixture.addSegment('self', 'self')
    fixture.addSegment('next', 'self')
    await expectPositions(fixture, { self: alone('self'), next: ['self', 'self', 2] })
  })

  test('makes a session whose parent does not exist a root', async () => {
    const fixture = shared()
    fixture.addSegment('orphan', 'gone')
    fixture.addSegment('child of the orphan', 'orphan')
    fixture.addSegment('with an empty parent id', '')
    fixture.addSegment('with a Segue parent id', 'ses_01h455vb4pex5vsknk084sn02q')
    fixture.addSegment('with a message as parent', 'orphan:1')
    await expectPositions(fixture, {
      orphan: alone('orphan'),
      'child of the orphan': ['orphan', 'orphan', 2],
      'with an empty parent id': alone('with an empty parent id'),
      'with a Segue parent id': alone('with a Segue parent id'),
      'with a message as parent': alone('with a message as parent'),
    })
  })

  test('follows parents that ended in compression or cli_close only', async () => {
    const fixture = shared()
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
      fixture.addSegment(`p${i}`, null, { end_reason })
      fixture.addSegment(`c${i}`, `p${i}`)
      expected[`c${i}`] = alone(`c${i}`)
    }
    for (const end_reason of ['compression', 'cli_close']) {
      fixture.addSegment(end_reason, null, { end_reason })
      expected[fixture.addSegment(`after ${end_reason}`, end_reason)] = [end_reason, end_reason, 2]
    }
    await expectPositions(fixture, expected)
  })

  test('makes branches, delegates and resets roots, which others can continue', async () => {
    const fixture = shared()
    fixture.addSegment('trunk', null)
    const expected: Record<string, LineagePosition> = {}
    for (const marker of ['_branched_from', '_delegate_from', '_reset_from']) {
      const model_config = JSON.stringify({ temperature: 1, [marker]: 'trunk' })
      fixture.addSegment(marker, 'trunk', { model_config })
      // A continuation inherits the model_config of its parent, including the marker.
      fixture.addSegment(`${marker}, continued`, marker, { model_config })
      fixture.addSegment(`${marker} of another`, 'trunk', { model_config: JSON.stringify({ [marker]: 'another' }) })
      expected[marker] = alone(marker)
      expected[`${marker}, continued`] = [marker, marker, 2]
      expected[`${marker} of another`] = ['trunk', 'trunk', 2]
    }
    await expectPositions(fixture, expected)
  })

  test('follows a marker only if it is a string that equals the parent id', async () => {
    const fixture = shared()
    fixture.addSegment('7', null)
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
      fixture.addSegment(`c${i}`, '7', { model_config })
      expected[`c${i}`] = ['7', '7', 2]
    }
    fixture.addSegment('marked', '7', { model_config: '{"_branched_from": "7"}' })
    await expectPositions(fixture, expected)
  })

  test('makes sessions of tools and subagents roots, which others can continue', async () => {
    const fixture = shared()
    fixture.addSegment('trunk', null)
    const expected: Record<string, LineagePosition> = {}
    for (const source of ['tool', 'subagent']) {
      fixture.addSegment(source, 'trunk', { source })
      fixture.addSegment(`after ${source}`, source, { source: 'cli' })
      expected[source] = alone(source)
      expected[`after ${source}`] = [source, source, 2]
    }
    for (const source of ['webui', 'cron', 'kanban', 'Tool']) {
      fixture.addSegment(source, 'trunk', { source })
      expected[source] = ['trunk', 'trunk', 2]
    }
    await expectPositions(fixture, expected)
  })

  test('continues from Hermes sessions into Segue sessions', async () => {
    const fixture = shared()
    fixture.addSegment('a', null)
    fixture.addSegment('b', 'a', { end_reason: 'cli_close' })
    const [first, second] = [await fixture.continueSession('b'), await fixture.continueSession('b')]
    await expectPositions(fixture, {
      a: alone('a'),
      b: ['a', 'a', 2],
      [first]: ['b', 'a', 3],
      [second]: ['b', 'a', 3],
    })
  })

  test('of a Segue session changes when Hermes deletes and restores its parent', async () => {
    const fixture = shared()
    fixture.addSegment('a', null)
    const segueId = await fixture.continueSession('a')
    expect(await fixture.loadPosition(segueId)).toEqual(['a', 'a', 2])
    fixture.hermes.db.exec("DELETE FROM sessions WHERE id = 'a'")
    expect(await fixture.loadPosition(segueId)).toEqual(alone(segueId))
    fixture.addSegment('a', null)
    expect(await fixture.loadPosition(segueId)).toEqual(['a', 'a', 2])
  })

  test('distinguishes similar ids: upper case, spaces, quotes, diacritics', async () => {
    const fixture = shared()
    const ids = ['x', 'X', ' x', "x'", 'x"', 'x\\', 'x,y', '["x"]', 'ẍ', '😀']
    const expected: Record<string, LineagePosition> = {}
    for (const id of ids) {
      fixture.addSegment(id, null)
      fixture.addSegment(`after ${id}`, id)
      expected[`after ${id}`] = [id, id, 2]
    }
    await expectPositions(fixture, expected)
  })
})

describe('in a database without some columns', () => {
  test.each(['parent_session_id', 'end_reason'])('no session continues another without %s', (column) =>
    withLineageFixture(async (fixture) => {
      fixture.addSegment('a', null)
      fixture.addSegment('b', 'a')
      fixture.hermes.db.exec(`DROP INDEX idx_sessions_parent; ALTER TABLE sessions DROP COLUMN ${column}`)
      await expectPositions(fixture, { a: alone('a'), b: alone('b') })
    }),
  )

  test('no session is marked without model_config', () =>
    withLineageFixture(async (fixture) => {
      fixture.addSegment('a', null)
      fixture.addSegment('b', 'a', { model_config: '{"_branched_from": "a"}' })
      expect(await fixture.loadPosition('b')).toEqual(alone('b'))
      fixture.hermes.db.exec('ALTER TABLE sessions DROP COLUMN model_config')
      fixture.statements.length = 0
      await expectPositions(fixture, { b: ['a', 'a', 2] })
    }))
})

/** An id of eight characters, which `countSessionReads` relies on. */
const toId = (letter: string, index: number): string => `${letter}${String(index).padStart(7, '0')}`

const addChain = (fixture: LineageFixture, letter: string, length: number): void =>
  fixture.hermes.transaction(() => {
    for (let i = 0; i < length; i++) fixture.addSegment(toId(letter, i), i === 0 ? null : toId(letter, i - 1))
  })

describe('a page', () => {
  test('needs no read for a chain of 40 that it contains, and one read per hop for its last session alone', () =>
    withLineageFixture(async (fixture) => {
      addChain(fixture, 's', 40)
      const { positions, hermes, segue } = await countLineageReads(fixture, 100)
      for (let i = 1; i < 40; i++) expect(positions.get(toId('s', i))).toEqual([toId('s', i - 1), toId('s', 0), i + 1])
      expect([hermes, segue]).toEqual([[], []])
      fixture.statements.length = 0
      expect(await fixture.loadPosition(toId('s', 39))).toEqual([toId('s', 38), toId('s', 0), 40])
      expect(countSessionReads(fixture.statements, 'hermes')).toEqual(Array.from({ length: 40 }, () => 1))
    }))

  test('needs at most 1,000 hops for a chain of 1,100', () =>
    withLineageFixture(async (fixture) => {
      addChain(fixture, 's', 1099)
      fixture.addSegment(toId('s', 1099), toId('s', 1098), { started_at: 100 })
      const cutOff = [toId('s', 1098), toId('s', 99), 1001]
      // The first query builds the index, which does not count.
      await fixture.loadPage(1)
      fixture.statements.length = 0
      expect(await fixture.loadPosition(toId('s', 1099))).toEqual(cutOff)
      expect(countSessionReads(fixture.statements, 'hermes')).toHaveLength(1001)
      expect(await fixture.loadPosition(toId('s', 1000))).toEqual([toId('s', 999), toId('s', 0), 1001])
      // Only the session that the server created is newer.
      expect((await fixture.loadPage(2)).positions.get(toId('s', 1099))).toEqual(cutOff)
    }))

  test('reads one row for 1,500 children of one root', () =>
    withLineageFixture(async (fixture) => {
      const root = fixture.addSegment(toId('r', 0), null)
      fixture.hermes.transaction(() => {
        for (let i = 0; i < 1500; i++) fixture.addSegment(toId('c', i), root, { started_at: 10 + i })
      })
      const { positions, hermes, segue } = await countLineageReads(fixture, 1000)
      expect(positions.size).toBe(1000)
      expect([hermes, segue]).toEqual([[1], []])
      const all = await fixture.loadAllPositions()
      for (let i = 0; i < 1500; i++) expect(all.get(toId('c', i))).toEqual([root, root, 2])
      expect(all.get(root)).toEqual(alone(root))
    }))

  test('needs one read per hop and 500 ids for 999 chains of five', () =>
    withLineageFixture(async (fixture) => {
      fixture.hermes.transaction(() => {
        for (let i = 0; i < 5 * 999; i++) {
          const segment = i % 5
          const row = { started_at: segment === 4 ? 100 : 2 }
          fixture.addSegment(toId('s', i), segment === 0 ? null : toId('s', i - 1), row)
        }
      })
      // The empty session that the server created is the newest, and is on the page too.
      const { positions, hermes } = await countLineageReads(fixture, 1000)
      expect([...positions.values()].filter(([, , count]) => count === 5)).toHaveLength(999)
      // A page reads one row more than it has, to see whether there are more.
      expect(hermes).toEqual([500, 499, 500, 499, 500, 499, 500, 498])
    }))

  test('needs one read per hop when some chains are longer than others', () =>
    withLineageFixture(async (fixture) => {
      fixture.hermes.transaction(() => {
        for (let i = 0; i < 799; i++) {
          // Every 40th chain has six segments, the others two.
          const segments = i % 40 === 0 ? 6 : 2
          for (let j = 0; j < segments; j++) {
            const row = { started_at: j === segments - 1 ? 100 : 2 }
            fixture.addSegment(toId('abcdef'[j] ?? '', i), j === 0 ? null : toId('abcdef'[j - 1] ?? '', i), row)
          }
        }
      })
      const { hermes } = await countLineageReads(fixture, 800)
      expect(hermes).toEqual([500, 299, 20, 20, 20, 19])
    }))

  test('needs one read per hop when a walk continues from a row that another walk has loaded', () =>
    withLineageFixture(async (fixture) => {
      const late = { started_at: 100 }
      addChain(fixture, 's', 6)
      // One walk ends at a row that another walk reaches a hop later. That walk must not advance faster than the third.
      const marked = fixture.addSegment(toId('m', 0), toId('s', 5), {
        ...late,
        model_config: JSON.stringify({ _branched_from: toId('s', 5) }),
      })
      const between = fixture.addSegment(toId('b', 0), toId('s', 5))
      const tip = fixture.addSegment(toId('t', 0), between, late)
      addChain(fixture, 'o', 7)
      const other = fixture.addSegment(toId('t', 1), toId('o', 6), late)
      const { positions, hermes } = await countLineageReads(fixture, 4)
      expect(positions.get(marked)).toEqual(alone(marked))
      expect(positions.get(tip)).toEqual([between, toId('s', 0), 8])
      expect(positions.get(other)).toEqual([toId('o', 6), toId('o', 0), 8])
      expect(hermes.length).toBeLessThanOrEqual(7)
    }))

  test('needs one read per hop and database for chains that cross into Segue', () =>
    withLineageFixture(async (fixture) => {
      addChain(fixture, 's', 3)
      for (let i = 0; i < 20; i++) await fixture.continueSession(toId('s', 2))
      const { positions, hermes, segue } = await countLineageReads(fixture, 20)
      expect([...positions.values()]).toEqual(Array.from({ length: 20 }, () => [toId('s', 2), toId('s', 0), 4]))
      expect([hermes, segue]).toEqual([[1, 1, 1], []])
    }))

  test('needs no more reads among 1,000 sessions than among a few, in either database', () =>
    withLineageFixture(async (fixture) => {
      addChain(fixture, 's', 3)
      const tip = await fixture.continueSession(toId('s', 2))
      const few = await countLineageReads(fixture, 50)
      fixture.hermes.transaction(() => {
        for (let i = 0; i < 1000; i++) {
          fixture.hermes.addMessage(fixture.addSegment(toId('m', i), null), 2, { content: 'hello' })
        }
      })
      const { sessions } = fixture.segue.defaultProfile
      for (let i = 0; i < 1000; i++) await sessions.create({ title: null, model: null, continues: null })
      // Lets the client close connections that were idle for too long before it uses them again.
      for (let turn = 0; turn < 3; turn++) await yieldToEventLoop()
      fixture.statements.length = 0
      expect(await fixture.loadPosition(tip)).toEqual([toId('s', 2), toId('s', 0), 4])
      expect(countSessionReads(fixture.statements, 'hermes')).toEqual([1, 1, 1])
      // Segue keeps the sessions that it has read last.
      expect(countSessionReads(fixture.statements, 'segue')).toEqual([])
      const many = await countLineageReads(fixture, 50)
      expect(many.hermes.length).toBeLessThanOrEqual(few.hermes.length)
    }))

  test('reads at most 500 ids at once, whatever the filter, in either database', () =>
    withLineageFixture(async (fixture) => {
      const ids = Array.from({ length: 501 }, (_, i) => toId('s', i))
      fixture.hermes.transaction(() => ids.forEach((id) => fixture.addSegment(id, null)))
      expect((await list(fixture, `first: 1000, filter: { ids: ${JSON.stringify(ids)} }`)).ids.toSorted()).toEqual(ids)
      const segueIds: string[] = []
      for (let i = 0; i < 501; i++) {
        const session = await fixture.segue.defaultProfile.sessions.create({
          title: null,
          model: null,
          continues: toId('s', 0),
        })
        segueIds.push(session.id)
      }
      const found = await list(fixture, `first: 1000, filter: { origin: SEGUE, ids: ${JSON.stringify(segueIds)} }`)
      expect(found.ids.toSorted()).toEqual(segueIds.toSorted())
    }))
})

describe('a filter', () => {
  const shared = sharedLineageFixture()
  const continuedIds: string[] = []
  /** Adds chains that cross. Their Segue sessions are created once, because they stay from test to test. */
  async function withChains(): Promise<LineageFixture> {
    const fixture = shared()
    addChain(fixture, 's', 30)
    for (let i = continuedIds.length; i < 30; i++) continuedIds.push(await fixture.continueSession(toId('s', i)))
    return fixture
  }

  test.each([
    '{ archived: true }',
    '{ pinned: true }',
    '{ attention: [UNREAD, FAILED] }',
    '{ archived: false, pinned: false }',
    '{ channels: [SEGUE] }',
    '{ channels: [WEB] }',
    '{ origin: SEGUE, pinned: true }',
    '{ origin: HERMES, channels: [CLI, CRON] }',
  ])('scans no table: %s', async (filter) => {
    const fixture = await withChains()
    const { pageInfo } = await list(fixture, `first: 5, filter: ${filter}`)
    await list(fixture, `last: 5, filter: ${filter}`)
    const cursor = JSON.stringify(pageInfo.endCursor)
    await list(fixture, `first: 5, after: ${cursor}, filter: ${filter}`)
    await list(fixture, `last: 5, before: ${cursor}, filter: ${filter}`)
  })
})

const listSchema = z.object({
  sessions: z.object({
    edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
    pageInfo: z.object({ endCursor: z.string().nullable() }),
  }),
})

/** Queries a page with many fields. */
async function list(fixture: LineageFixture, args: string) {
  const { sessions } = await ask(fixture.segue.url, listSchema, {
    query: `{ sessions(${args}) {
      edges { node { id messageCount segmentCount activeStream { id } messages(first: 3) { edges { node { id text } } } } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    } }`,
  })
  return { ids: sessions.edges.map(({ node }) => node.id), pageInfo: sessions.pageInfo }
}

test('the position of a session does not depend on the rest of the query', () =>
  withLineageFixture(async (fixture) => {
    fixture.hermes.db.pragma('foreign_keys = OFF')
    const ends = ['compression', 'cli_close', 'compression', 'branched', null]
    const sources = ['cli', 'cli', 'webui', 'subagent', 'telegram']
    // Arbitrary links: chains, cycles, and branches of both.
    fixture.hermes.transaction(() => {
      for (let i = 0; i < 100; i++) {
        const parent = `s${(i * 31 + 7) % 100}`
        const model_config = i % 11 === 0 ? JSON.stringify({ _branched_from: parent }) : null
        const row = { end_reason: ends[i % 5] ?? null, source: sources[(i * 3) % 7] ?? 'cli', model_config }
        fixture.addSegment(`s${i}`, parent, row)
      }
    })
    const all = await fixture.loadAllPositions()
    expect(new Set([...all.values()].map(([, , count]) => count)).size).toBeGreaterThan(2)
    for (const [id, position] of all) expect(await fixture.loadPosition(id), id).toEqual(position)
    for (let after: string | null = null; ;) {
      const { positions, endCursor } = await fixture.loadPage(7, after)
      for (const [id, position] of positions) expect(position, id).toEqual(all.get(id))
      if (endCursor === null) break
      after = endCursor
    }
  }))
