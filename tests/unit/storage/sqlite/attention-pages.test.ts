import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Attention } from '../../../../src/model/conversation/attention.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { SqliteUsageSumStore } from '../../../../src/storage/sqlite/sqlite-usage-sum-store.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'
import { TestDatabase } from '../../../support/storage/test-database.ts'

const page = { after: null, before: null, limit: 10, backwards: false }
const filters: readonly (readonly Attention[])[] = [['UNREAD'], ['FAILED', 'UNREAD'], ['IDLE'], ['NEEDS_APPROVAL']]

/** Opens a database with this many conversations: a third of them is read, a third is not, and the answers of a third failed. */
async function openWithConversations(count: number) {
  const folder = newTempFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const created = new SegueProfileDatabase(join(folder, 'segue.db'))
  created.transaction(() => undefined)
  created.close()
  using file = TestDatabase.write(folder)
  file.exec('UPDATE read_marks_start SET at = 0')
  for (let index = 0; index < count; index += 1) {
    const id = `ses_${String(index).padStart(26, '0')}`
    file.run(
      `INSERT INTO sessions (id, source, started_at, last_activity_at, message_count, usage, answered_at, answer_failed)
       VALUES (?, 'segue', 1, ?, 2, '{}', ?, ?)`,
      ...[id, index, index % 3 > 0 ? index : null, index % 3 > 1 ? 1 : 0],
    )
  }
  const database = new SegueProfileDatabase(join(folder, 'segue.db'))
  onTestFinished(() => database.close())
  const sessions = new SqliteSessionReader(database)
  // The first page builds the index.
  await sessions.listConversations(page, {})
  return { folder, sessions, usageSums: new SqliteUsageSumStore(database) }
}

test('a page of what wants attention has as many statements with 600 conversations as with 60', async () => {
  const counts: number[] = []
  for (const count of [60, 600]) {
    const statements = recordSql()
    const { sessions } = await openWithConversations(count)
    statements.length = 0
    for (const attention of filters) {
      const { conversations } = await sessions.listConversations(page, { attention })
      expect(conversations).toHaveLength(attention.includes('NEEDS_APPROVAL') ? 0 : page.limit)
      for (const each of conversations) expect(attention).toContain(each.attention)
    }
    counts.push(statements.length)
  }
  expect(counts[1]).toBe(counts[0])
})

test('pages of what wants attention, and the sum of a day, are answered by searches of indexes', async () => {
  const statements = recordSql()
  const { folder, sessions, usageSums } = await openWithConversations(30)
  statements.length = 0
  const after = { lastActivityAt: 20, id: 'ses_x' }
  for (const attention of filters) {
    for (const each of [page, { ...page, after }, { ...page, backwards: true }]) {
      await sessions.listConversations(each, { attention })
      await sessions.listSessions(each, { attention })
    }
  }
  await usageSums.listUsageSums({ dimension: 'MODEL', fromDay: 3, toDay: 3, after: null, limit: 100 })
  using file = TestDatabase.read(folder)
  const plans = new Map(statements.map(({ sql }) => [sql, file.explain(sql)]))
  expect(plans.size).toBeGreaterThan(filters.length)
  for (const [sql, steps] of plans)
    for (const step of steps)
      // Of what is read as a whole, there is a row for each value of the flags, or for each row of the page.
      expect(step, sql).not.toMatch(/^SCAN (?!CONSTANT ROW|json_each|each|page|\(subquery)|TEMP B-TREE/)
})
