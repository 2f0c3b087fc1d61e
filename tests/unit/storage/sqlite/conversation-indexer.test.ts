import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConversationIndexer } from '../../../../src/storage/conversation-index/conversation-indexer.ts'
import { ConversationIndexStore } from '../../../../src/storage/sqlite/conversation-index/conversation-index-store.ts'
import { ConversationSettingsTable } from '../../../../src/storage/sqlite/conversation-settings/conversation-settings-table.ts'
import { ConversationIndexReader } from '../../../../src/storage/sqlite/conversation-index/reading/conversation-index-reader.ts'
import { conversationIndexSchema } from '../../../../src/storage/sqlite/conversation-index/conversation-index-schema.ts'
import type { ConversationIndexEntry } from '../../../../src/storage/sessions/cross-origin-continuation-feed.ts'
import { StatementCache } from '../../../../src/storage/sqlite/database/statement-cache.ts'

function newIndex() {
  const db = new Database(':memory:')
  onTestFinished(() => void db.close())
  db.exec(conversationIndexSchema)
  const statements = new StatementCache(db)
  return {
    db,
    indexer: new ConversationIndexer(
      new ConversationIndexStore(statements),
      new ConversationSettingsTable(statements),
      {
        detectCrossOrigin: () => false,
        canInheritSettings: () => true,
        loadReadMarksStart: () => 0,
      },
    ),
    reader: new ConversationIndexReader(statements, { containsOtherOrigin: true, cache: null }),
  }
}

type Index = ReturnType<typeof newIndex>

/** A session that ended in a compression, with a message at the time in its id. */
function newSession(
  id: string,
  continues: string | null,
  overrides: Partial<ConversationIndexEntry> = {},
): ConversationIndexEntry {
  const at = Number(id.replace(/\D/g, '')) + 1
  const times = { started_at: at, message_at: at, activity_at: at }
  return {
    id,
    continues,
    takes_place_of: null,
    can_be_continued: 1,
    flags: 0,
    default_flags: 0,
    live_attention: 0,
    answered_at: null,
    answer_failed: 0,
    ...times,
    ...overrides,
  }
}

/** The tip and the sessions of every conversation in the index. */
function readConversations({ db, reader }: Index): Record<string, { tip: string; sessions: string[] }> {
  const rows = db
    .prepare<[], { root_id: string; tip_id: string; segment_count: number }>('SELECT * FROM conversations')
    .all()
  return Object.fromEntries(
    rows.map(({ root_id, tip_id, segment_count }) => {
      const sessions = reader.listConversationSessionIds(root_id, { offset: 0, limit: 1000 })
      expect(sessions).toHaveLength(segment_count)
      return [root_id, { tip: tip_id, sessions }]
    }),
  )
}

/** The same, computed from the sessions without an index. */
function computeConversations(
  sessions: ReadonlyMap<string, ConversationIndexEntry>,
): Record<string, { tip: string; sessions: string[] }> {
  const findOldestRetry = (placeId: string) =>
    [...sessions.values()]
      .filter((each) => each.takes_place_of === placeId)
      .toSorted((a, b) => a.started_at - b.started_at || (a.id < b.id ? -1 : 1))[0]
  /** The session in the place that a retry takes, if that is another one. */
  const findBesideId = (id: string): string | null => {
    const placeId = sessions.get(id)?.takes_place_of ?? null
    const beside = placeId === null ? null : (sessions.get(placeId) ?? findOldestRetry(placeId))
    return beside && beside.id !== id ? beside.id : null
  }
  const findParentId = (id: string): string | null => {
    const parent = sessions.get(sessions.get(id)?.continues ?? '')
    return findBesideId(id) ?? (parent?.can_be_continued === 1 ? parent.id : null)
  }
  const findPath = (id: string): string[] => {
    const path = [id]
    for (let parentId = findParentId(id); parentId !== null; parentId = findParentId(parentId)) {
      if (path.includes(parentId)) return [id]
      path.push(parentId)
    }
    return path
  }
  const countContinuations = (id: string) => findPath(id).filter((each) => findBesideId(each) === null).length
  const sortNewestFirst = (all: ConversationIndexEntry[]) =>
    all.toSorted(
      (a, b) => (b.message_at ?? -1) - (a.message_at ?? -1) || b.started_at - a.started_at || (a.id < b.id ? 1 : -1),
    )
  const families = Map.groupBy(sessions.values(), ({ id }) => findPath(id).at(-1) ?? id)
  return Object.fromEntries(
    [...families].map(([root, family]) => {
      const others = family.filter(({ id }) => id !== root)
      others.sort(
        (a, b) =>
          a.started_at - b.started_at || countContinuations(a.id) - countContinuations(b.id) || (a.id < b.id ? -1 : 1),
      )
      return [root, { tip: sortNewestFirst(family)[0]?.id ?? '', sessions: [root, ...others.map(({ id }) => id)] }]
    }),
  )
}

const ids = Array.from({ length: 14 }, (_, i) => `s${i}`)

const anySession = fc
  .record({
    id: fc.constantFrom(...ids),
    continues: fc.option(fc.constantFrom(...ids, 'gone'), { freq: 6 }),
    takes_place_of: fc.option(fc.constantFrom(...ids, 'gone', 'gone too'), { freq: 1 }),
    can_be_continued: fc.constantFrom(1, 1, 1, 0),
    started_at: fc.nat({ max: 5 }),
    message_at: fc.option(fc.nat({ max: 5 }), { freq: 4 }),
  })
  // `findLineageLinks` never returns the session itself.
  .map(({ id, continues, takes_place_of, ...fields }) =>
    newSession(id, continues === id ? null : continues, {
      ...fields,
      takes_place_of: takes_place_of === id ? null : takes_place_of,
    }),
  )

const anyChange = fc.record({
  upserted: fc.uniqueArray(anySession, { maxLength: 3, selector: ({ id }) => id }),
  deleted: fc.subarray(ids, { maxLength: 1 }),
})

test('a chain is cut off after 1,000 steps, as walkAncestors does', () => {
  const index = newIndex()
  const chain = Array.from({ length: 1100 }, (_, i) => newSession(`s${i}`, i === 0 ? null : `s${i - 1}`))
  // Children before their parents.
  for (const upserted of [chain.slice(700), chain.slice(300, 700), chain.slice(0, 300)])
    index.indexer.apply({ upserted })
  const rootOf = (id: string) => index.reader.findConversationsBySession([id]).get(id)?.rootId
  expect(['s0', 's1', 's1000', 's1001', 's1099'].map(rootOf)).toEqual(['s0', 's0', 's0', 's1', 's99'])
  index.indexer.apply({ deleted: ['s50'] })
  expect(['s49', 's51', 's1051', 's1052', 's1099'].map(rootOf)).toEqual(['s0', 's51', 's51', 's52', 's99'])
})

describe('after any updates', () => {
  test.each([1, 2, Infinity])('in batches of %d, the index matches the sessions', (maxSessions) => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 25 }), (changes) => {
        const index = newIndex()
        const sessions = new Map<string, ConversationIndexEntry>()
        for (const { upserted, deleted } of changes) {
          for (const id of deleted) sessions.delete(id)
          for (const each of upserted) sessions.set(each.id, each)
          let isComplete = index.indexer.apply({ upserted, deleted }, maxSessions).isComplete
          // Pending positions may wait for later updates; all are computed at the end.
          if (upserted.length > 1) while (!isComplete) isComplete = index.indexer.apply({}, maxSessions).isComplete
        }
        while (!index.indexer.apply({}, maxSessions).isComplete);
        expect(readConversations(index)).toEqual(computeConversations(sessions))
      }),
      { numRuns: 150 },
    )
  })

  test('every changed conversation is reported, and an update that changes nothing reports none', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 10 }), (changes) => {
        const index = newIndex()
        for (const change of changes) {
          const before = readConversations(index)
          const { conversations } = index.indexer.apply(change)
          const after = readConversations(index)
          for (const root of new Set([...Object.keys(before), ...Object.keys(after)])) {
            if (JSON.stringify(before[root]) !== JSON.stringify(after[root])) expect(conversations.has(root)).toBe(true)
            expect(conversations.get(root)?.after === null).toBe(conversations.has(root) && !after[root])
          }
          expect(index.indexer.apply({ upserted: change.upserted }).changedSessionIds.size).toBe(0)
        }
      }),
      { numRuns: 100 },
    )
  })
})
