import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isContinuable, continuesSession, loadLineageSummary } from '../../../../src/model/conversation/lineage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import { newLineageReader, withoutRetries } from '../../../support/sessions/lineage-reader.ts'
import { newSessionRecord } from '../../../support/sessions/session-record.ts'

const parent = newSessionRecord({ id: 'parent', endReason: 'compression' })
const child = newSessionRecord({ id: 'child', parentId: 'parent' })

/** The result of a walk in ids, and the ids that it loaded in order. */
async function walk(id: string, rows: readonly SessionRecord[]) {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const start = byId.get(id)
  if (!start) throw new Error(`There is no session ${id}.`)
  const loadedIds: string[] = []
  const { findOldestRetry } = newLineageReader(rows)
  const lineage = await loadLineageSummary(start, {
    findSession: async (wanted) => {
      loadedIds.push(wanted)
      return byId.get(wanted) ?? null
    },
    findOldestRetry: async (placeId) => {
      loadedIds.push(`oldest retry of ${placeId}`)
      return findOldestRetry(placeId)
    },
  })
  return {
    parent: lineage.parent?.id ?? null,
    root: lineage.root.id,
    segmentCount: lineage.segmentCount,
    loadedIds,
  }
}

async function walkToAncestors(id: string, rows: readonly SessionRecord[]): Promise<string[]> {
  const start = rows.find((row) => row.id === id) ?? newSessionRecord({ id })
  const { ancestors } = await loadLineageSummary(start, newLineageReader(rows))
  return ancestors.map((each) => each.id)
}

/** Sessions that continue each other; the first one has the id `0`. */
function chain(length: number): SessionRecord[] {
  return Array.from({ length }, (_, i) =>
    newSessionRecord({ id: `${i}`, endReason: 'compression', parentId: i === 0 ? null : `${i - 1}` }),
  )
}

const alone = (id: string) => ({ parent: null, root: id, segmentCount: 1 })

describe('a child continues its parent', () => {
  test.each(['compression', 'cli_close'])('when that ended in %s', (endReason) => {
    expect(continuesSession(child, { ...parent, endReason })).toBe(true)
    expect(isContinuable({ ...parent, endReason })).toBe(true)
  })

  test('whatever their sources are, because a chat can move on from the terminal', () => {
    for (const source of ['cli', 'webui', 'telegram', 'segue', 'unknown', 'Tool', 'kanban', 'oneshot']) {
      expect(continuesSession({ ...child, source }, { ...parent, endReason: 'cli_close' }), source).toBe(true)
    }
  })

  test('whatever their times are', () => {
    expect(continuesSession({ ...child, startedAt: 1 }, { ...parent, startedAt: 9, endedAt: 8 })).toBe(true)
    expect(continuesSession(child, { ...parent, endedAt: null })).toBe(true)
  })

  test('when it inherited a marker that names another session', () => {
    const branch = { ...parent, parentId: 'trunk', notContinuationOf: ['trunk'] }
    expect(continuesSession({ ...child, notContinuationOf: ['trunk'] }, branch)).toBe(true)
    expect(continuesSession(branch, newSessionRecord({ id: 'trunk', endReason: 'compression' }))).toBe(false)
  })

  test('when the parent is a tool or a subagent', () => {
    for (const source of ['tool', 'subagent']) expect(continuesSession(child, { ...parent, source })).toBe(true)
  })

  test('when it is a Segue session and the parent is a Hermes session', () => {
    expect(continuesSession({ ...child, origin: 'SEGUE' }, parent)).toBe(true)
  })
})

describe('a child does not continue its parent', () => {
  test.each([
    null,
    '',
    'branched',
    'user_exit',
    'new_reset',
    'Compression',
    'COMPRESSION',
    'CLI_CLOSE',
    'cli-close',
    ' compression',
    'compression ',
    'compression\0',
    'compressed',
    'something new',
  ])('when that ended in %j', (endReason) => {
    expect(continuesSession(child, { ...parent, endReason })).toBe(false)
    expect(isContinuable({ ...parent, endReason })).toBe(false)
  })

  test('when a marker names the parent', () => {
    expect(continuesSession({ ...child, notContinuationOf: ['parent'] }, parent)).toBe(false)
    expect(continuesSession({ ...child, notContinuationOf: ['other', 'parent'] }, parent)).toBe(false)
    expect(continuesSession({ ...child, notContinuationOf: ['Parent', 'paren', ''] }, parent)).toBe(true)
  })

  test.each(['tool', 'subagent'])('when it is a %s', (source) => {
    expect(continuesSession({ ...child, source }, parent)).toBe(false)
  })

  test('when it is its own parent', () => {
    const self = newSessionRecord({ id: 'self', parentId: 'self', endReason: 'compression' })
    expect(continuesSession(self, self)).toBe(false)
  })

  test('when it names another parent, or none', () => {
    expect(continuesSession({ ...child, parentId: 'other' }, parent)).toBe(false)
    expect(continuesSession({ ...child, parentId: null }, parent)).toBe(false)
  })
})

describe('a walk up the chain', () => {
  test('leads from a session to its root, and loads each row once', async () => {
    const rows = chain(40)
    const { loadedIds, ...lineage } = await walk('39', rows)
    expect(lineage).toEqual({ parent: '38', root: '0', segmentCount: 40 })
    expect(loadedIds).toEqual(Array.from({ length: 39 }, (_, i) => `${38 - i}`))
    expect(await walk('0', rows)).toEqual({ ...alone('0'), loadedIds: [] })
  })

  test('stops at a row that does not exist, and at a parent that cannot be continued', async () => {
    const rows = chain(5).slice(2)
    expect(await walk('4', rows)).toMatchObject({ parent: '3', root: '2', segmentCount: 3 })
    expect(await walk('2', rows)).toMatchObject(alone('2'))
    const otherwise = chain(5).with(1, newSessionRecord({ id: '1', parentId: '0', endReason: 'branched' }))
    expect(await walk('4', otherwise)).toMatchObject({ parent: '3', root: '2', segmentCount: 3 })
    expect(await walk('1', otherwise)).toMatchObject({ parent: '0', root: '0', segmentCount: 2 })
  })

  test('stops after 1,000 hops', async () => {
    const rows = chain(1100)
    expect(await walk('999', rows)).toMatchObject({ root: '0', segmentCount: 1000 })
    expect(await walk('1000', rows)).toMatchObject({ root: '0', segmentCount: 1001 })
    const { loadedIds, ...last } = await walk('1099', rows)
    expect(last).toEqual({ parent: '1098', root: '99', segmentCount: 1001 })
    expect(loadedIds).toHaveLength(1000)
  })

  test('that reaches an id twice makes the session its own root, on a cycle and below one', async () => {
    const compressed = (id: string, parentId: string) => newSessionRecord({ id, parentId, endReason: 'compression' })
    const rows = [compressed('a', 'b'), compressed('b', 'a'), compressed('c', 'a'), compressed('d', 'c')]
    for (const { id } of rows) expect(await walk(id, rows), id).toMatchObject(alone(id))
    const three = [compressed('x', 'z'), compressed('y', 'x'), compressed('z', 'y')]
    for (const { id } of three) expect(await walk(id, three), id).toMatchObject(alone(id))
  })

  test('ignores a cycle of parent ids that are no continuations', async () => {
    const rows = [
      newSessionRecord({ id: 'a', parentId: 'b', endReason: 'compression' }),
      newSessionRecord({ id: 'b', parentId: 'a', endReason: 'branched' }),
    ]
    expect(await walk('b', rows)).toMatchObject({ parent: 'a', root: 'a', segmentCount: 2 })
    expect(await walk('a', rows)).toMatchObject(alone('a'))
  })

  test('ends at once for a session that is its own parent', async () => {
    const rows = [
      newSessionRecord({ id: 'self', parentId: 'self', endReason: 'compression' }),
      newSessionRecord({ id: 'next', parentId: 'self' }),
    ]
    expect(await walk('self', rows)).toMatchObject(alone('self'))
    expect(await walk('next', rows)).toMatchObject({ parent: 'self', root: 'self', segmentCount: 2 })
  })

  test('makes one hop that it does not count from a retry to the session whose place it takes', async () => {
    const rows = [
      ...chain(3),
      newSessionRecord({ id: 'retry', takesPlaceOf: '2', endReason: 'compression' }),
      newSessionRecord({ id: 'retry of the root', takesPlaceOf: '0' }),
      newSessionRecord({ id: 'next', parentId: 'retry', endReason: 'compression' }),
      newSessionRecord({ id: 'retry of next', takesPlaceOf: 'next' }),
    ]
    expect(await walk('retry', rows)).toEqual({ parent: '1', root: '0', segmentCount: 3, loadedIds: ['2', '1', '0'] })
    expect(await walk('retry of the root', rows)).toMatchObject({ parent: null, root: '0', segmentCount: 1 })
    expect(await walk('next', rows)).toMatchObject({ parent: 'retry', root: '0', segmentCount: 4 })
    expect(await walk('retry of next', rows)).toMatchObject({ parent: 'retry', root: '0', segmentCount: 4 })
    expect(await walkToAncestors('retry of next', rows)).toEqual(['retry', '1', '0'])
    expect(await walkToAncestors('retry of the root', rows)).toEqual([])
    expect(await walk('retry', rows.slice(3))).toMatchObject(alone('retry'))
  })

  test('when that session is gone, the oldest retry has the place, and the others stand beside it', async () => {
    const rows = [
      ...chain(2),
      newSessionRecord({ id: 'second', takesPlaceOf: '2', parentId: '1', startedAt: 2 }),
      newSessionRecord({ id: 'first', takesPlaceOf: '2', parentId: '1', startedAt: 1, endReason: 'compression' }),
      newSessionRecord({ id: 'next', parentId: 'first' }),
    ]
    const place = { parent: '1', root: '0', segmentCount: 3 }
    expect(await walk('first', rows)).toEqual({ ...place, loadedIds: ['2', 'oldest retry of 2', '1', '0'] })
    expect(await walk('second', rows)).toMatchObject({
      ...place,
      loadedIds: ['2', 'oldest retry of 2', '2', 'oldest retry of 2', '1', '0'],
    })
    expect(await walk('next', rows)).toMatchObject({ parent: 'first', root: '0', segmentCount: 4 })
    expect(await walk('second', rows.slice(2))).toMatchObject(alone('first'))
    expect(await walk('next', rows.slice(2))).toMatchObject({ parent: 'first', root: 'first', segmentCount: 2 })
    const restored = newSessionRecord({ id: '2', endReason: 'compression' })
    for (const id of ['first', 'second']) expect(await walk(id, [...rows, restored])).toMatchObject(alone('2'))
  })

  test('counts 1,000 hops besides those of retries, and ends on a cycle of retries', async () => {
    const rows = chain(1100).flatMap((row) => [
      newSessionRecord({ ...row, id: `${row.id} first`, parentId: row.parentId }),
      newSessionRecord({ ...row, parentId: null, takesPlaceOf: `${row.id} first` }),
    ])
    expect(await walk('1000', rows)).toMatchObject({ parent: '999', root: '0 first', segmentCount: 1001 })
    expect(await walk('1099', rows)).toMatchObject({ parent: '1098', segmentCount: 1001 })
    const cycle = ['a', 'b'].map((id) => newSessionRecord({ id, takesPlaceOf: id === 'a' ? 'b' : 'a' }))
    for (const { id } of cycle) expect(await walk(id, cycle)).toMatchObject(alone(id))
    expect(await walk('self', [newSessionRecord({ id: 'self', takesPlaceOf: 'self' })])).toMatchObject(alone('self'))
  })

  test('rejects when a row cannot be loaded', async () => {
    const failing = loadLineageSummary(
      child,
      withoutRetries(async () => Promise.reject(new Error('disk'))),
    )
    await expect(failing).rejects.toThrow('disk')
  })
})

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** A few sessions with all kinds of links between them. */
const families = fc
  .tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        parentId: fc.option(fc.constantFrom(...ids, 'gone'), { freq: 4 }),
        endReason: fc.constantFrom('compression', 'compression', 'cli_close', 'branched', 'Compression', null),
        source: fc.constantFrom('cli', 'cli', 'cli', 'webui', 'tool', 'subagent'),
        notContinuationOf: fc.subarray(['a', 'b'], { maxLength: 1 }),
      }),
    ),
  )
  .map((rows) => rows.map((row) => newSessionRecord(row)))

test('the lineage of any set of sessions follows its links', async () => {
  await fc.assert(
    fc.asyncProperty(families, async (rows) => {
      const links = new Map(
        rows.flatMap((row) => rows.filter((other) => continuesSession(row, other)).map((other) => [row.id, other.id])),
      )
      for (const { id } of rows) {
        const path = [id]
        for (let up = links.get(id); up !== undefined && path.length <= ids.length; up = links.get(up)) path.push(up)
        const { loadedIds, ...lineage } = await walk(id, rows)
        const isCyclic = path.length > ids.length
        expect(lineage, id).toEqual(
          isCyclic ? alone(id) : { parent: path[1] ?? null, root: path.at(-1), segmentCount: path.length },
        )
        expect(loadedIds.length).toBeLessThanOrEqual(ids.length)
      }
    }),
    { numRuns: 500 },
  )
})

test('the root of every session is a session of the same set, so that none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(families, async (rows) => {
      for (const { id } of rows) {
        const { root, segmentCount } = await walk(id, rows)
        expect(await walk(root, rows)).toMatchObject(alone(root))
        expect(segmentCount === 1).toBe(root === id)
      }
    }),
    { numRuns: 300 },
  )
})
