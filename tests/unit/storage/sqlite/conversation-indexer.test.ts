import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConversationIndexer } from '../../../../src/storage/sqlite/conversation-index/conversation-indexer.ts'
import { ConversationIndexReader } from '../../../../src/storage/sqlite/conversation-index/conversation-index-reader.ts'
import { conversationIndexSchema } from '../../../../src/storage/sqlite/conversation-index/conversation-index-schema.ts'
import type { IndexedSession } from '../../../../src/storage/sqlite/conversation-index/indexed-session.ts'
import { StatementCache } from '../../../../src/storage/sqlite/database/statement-cache.ts'

function newIndex() {
  const db = new Database(':memory:')
  onTestFinished(() => void db.close())
  db.exec(conversationIndexSchema)
  const statements = new StatementCache(db)
  return { db, index: new ConversationIndexer(statements, () => false), lists: new ConversationIndexReader(statements) }
}

type Index = ReturnType<typeof newIndex>

/** A session that ended in a compression, with a message as its number says. */
function segment(id: string, continues: string | null, of: Partial<IndexedSession> = {}): IndexedSession {
  const at = Number(id.replace(/\D/g, '')) + 1
  return { id, continues, can_be_continued: 1, started_at: at, message_at: at, activity_at: at, flags: 0, ...of }
}

/** What the index says of every conversation: its tip, and its sessions. */
function told({ db, lists }: Index): Record<string, { tip: string; segments: string[] }> {
  const rows = db
    .prepare<[], { root_id: string; tip_id: string; segment_count: number }>('SELECT * FROM conversations')
    .all()
  return Object.fromEntries(
    rows.map(({ root_id, tip_id, segment_count }) => {
      const segments = lists.listConversationSessionIds(root_id, { offset: 0, limit: 1000 })
      expect(segments).toHaveLength(segment_count)
      return [root_id, { tip: tip_id, segments }]
    }),
  )
}

/** The same from the segments alone. */
function expected(segments: ReadonlyMap<string, IndexedSession>): Record<string, { tip: string; segments: string[] }> {
  const parentOf = (id: string): string | null => {
    const parent = segments.get(segments.get(id)?.continues ?? '')
    return parent?.can_be_continued === 1 ? parent.id : null
  }
  const pathOf = (id: string): string[] => {
    const path = [id]
    for (let up = parentOf(id); up !== null; up = parentOf(up)) {
      if (path.includes(up)) return [id]
      path.push(up)
    }
    return path
  }
  const newest = (all: IndexedSession[]) =>
    all.toSorted(
      (a, b) => (b.message_at ?? -1) - (a.message_at ?? -1) || b.started_at - a.started_at || (a.id < b.id ? 1 : -1),
    )
  const families = Map.groupBy(segments.values(), ({ id }) => pathOf(id).at(-1) ?? id)
  return Object.fromEntries(
    [...families].map(([root, family]) => {
      const others = family.filter(({ id }) => id !== root)
      others.sort(
        (a, b) => a.started_at - b.started_at || pathOf(a.id).length - pathOf(b.id).length || (a.id < b.id ? -1 : 1),
      )
      return [root, { tip: newest(family)[0]?.id ?? '', segments: [root, ...others.map(({ id }) => id)] }]
    }),
  )
}

const ids = Array.from({ length: 14 }, (_, i) => `s${i}`)

const anySegment = fc
  .record({
    id: fc.constantFrom(...ids),
    continues: fc.option(fc.constantFrom(...ids, 'gone'), { freq: 6 }),
    can_be_continued: fc.constantFrom(1, 1, 1, 0),
    started_at: fc.nat({ max: 5 }),
    message_at: fc.option(fc.nat({ max: 5 }), { freq: 4 }),
  })
  // No session names itself: `claimOf` sees to that.
  .map((of) => segment(of.id, null, { ...of, continues: of.continues === of.id ? null : of.continues }))

const anyChange = fc.record({
  upserted: fc.uniqueArray(anySegment, { maxLength: 3, selector: ({ id }) => id }),
  deleted: fc.subarray(ids, { maxLength: 1 }),
})

test('a chain is cut off after 1,000 hops, as a walk along it is', () => {
  const index = newIndex()
  const chain = Array.from({ length: 1100 }, (_, i) => segment(`s${i}`, i === 0 ? null : `s${i - 1}`))
  // Its end first.
  for (const put of [chain.slice(700), chain.slice(300, 700), chain.slice(0, 300)]) index.index.apply({ upserted: put })
  const rootOf = (id: string) => index.lists.findConversationsBySession([id]).get(id)?.rootId
  expect(['s0', 's1', 's1000', 's1001', 's1099'].map(rootOf)).toEqual(['s0', 's0', 's0', 's1', 's99'])
  index.index.apply({ deleted: ['s50'] })
  expect(['s49', 's51', 's1051', 's1052', 's1099'].map(rootOf)).toEqual(['s0', 's51', 's51', 's52', 's99'])
})

describe('for any changes', () => {
  test.each([1, 2, Infinity])('in steps of %d, the index says what the sessions say', (most) => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 25 }), (changes) => {
        const index = newIndex()
        const segments = new Map<string, IndexedSession>()
        for (const { upserted: put, deleted: removed } of changes) {
          for (const id of removed) segments.delete(id)
          for (const each of put) segments.set(each.id, each)
          let isSettled = index.index.apply({ upserted: put, deleted: removed }, most).isComplete
          // What is left can wait while more comes in, and is made up for in the end.
          if (put.length > 1) while (!isSettled) isSettled = index.index.apply({}, most).isComplete
        }
        while (!index.index.apply({}, most).isComplete);
        expect(told(index)).toEqual(expected(segments))
      }),
      { numRuns: 150 },
    )
  })

  test('nothing is told to have changed that has not, and everything that has', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 10 }), (changes) => {
        const index = newIndex()
        for (const change of changes) {
          const before = told(index)
          const { conversations } = index.index.apply(change)
          const after = told(index)
          for (const root of new Set([...Object.keys(before), ...Object.keys(after)])) {
            if (JSON.stringify(before[root]) !== JSON.stringify(after[root])) expect(conversations.has(root)).toBe(true)
            expect(conversations.get(root)?.after === null).toBe(conversations.has(root) && !after[root])
          }
          expect(index.index.apply({ upserted: change.upserted }).changedSessionIds.size).toBe(0)
        }
      }),
      { numRuns: 100 },
    )
  })
})
