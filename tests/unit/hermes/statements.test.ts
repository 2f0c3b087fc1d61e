import { expect, test } from 'vitest'
import type { HermesDb, HermesLayout } from '../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader } from '../../support/hermes/hermes-fixtures.ts'

const layouts: HermesLayout[] = ['newest', 'compacting', 'v22', 'v7', 'v2']

/** A state.db with 3,000 sessions of two messages each. */
function newLargeDb(layout: HermesLayout): HermesDb {
  const hermes = newDb(undefined, layout)
  hermes.transaction(() => {
    for (let i = 0; i < 3000; i++) {
      hermes.addSession(`s${i}`, { started_at: i + 1 })
      hermes.addMessage(`s${i}`, 5000 + ((i * 37) % 3001), { content: 'hello' })
      hermes.addMessage(`s${i}`, 5000 + ((i * 37) % 3001), { content: 'hello again' })
    }
  })
  return hermes
}

function explain(hermes: HermesDb, statement: string): string {
  const steps = hermes.db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${statement}`).all()
  return steps.map(({ detail }) => detail).join('\n')
}

test.each(layouts)('no statement scans a whole table (%s)', (layout) => {
  const hermes = newLargeDb(layout)
  const { reader, statements } = newReader(hermes.path)
  const rows = reader.listSessions(firstPage(50), {})
  expect(rows).toHaveLength(50)
  reader.listSessions(lastPage(50), { channels: ['WEB'] })
  hermes.addSession('new')
  hermes.addMessage('s7', 9000)
  reader.listSessions(firstPage(50), { ids: ['s1', 'new'] })
  reader.listSessions(firstPage(50), {})
  reader.countMessages(rows.map(({ id }) => id))
  hermes.addSession('fork', { parent_session_id: 's7', started_at: 9001 })
  hermes.db.exec(`UPDATE sessions SET end_reason = 'cli_close' WHERE id = 's7';
    INSERT INTO messages (session_id, role, content, timestamp) SELECT 'fork', role, content, timestamp
    FROM messages WHERE session_id = 's7' ORDER BY id`)
  expect(reader.findSessions(['fork'])).toMatchObject([{ notContinuationOf: ['s7'] }])
  reader.listSessions(firstPage(50), {})
  reader.listMessages('s7', firstPage(50))
  reader.findMessage('s7:15')
  reader.loadContextMessages('s7')
  if (layout !== 'v2' && layout !== 'v7') {
    hermes.db.exec(`UPDATE messages SET active = 0, compacted = 1 WHERE session_id = 's7'`)
    reader.listMessages('s7', firstPage(50))
  }
  const reads = statements.filter((sql) => sql.startsWith('SELECT'))
  expect(reads.length).toBeGreaterThan(15)
  for (const sql of reads) expect(explain(hermes, sql)).not.toMatch(/SCAN (?!json_each)|AUTOMATIC/)
  expect(statements.filter((sql) => !/^(SELECT|PRAGMA|BEGIN|COMMIT)/.test(sql))).toEqual([])
})

test('the first page reads all sessions in batches, later pages only what they show', () => {
  const hermes = newLargeDb('newest')
  const { reader, statements } = newReader(hermes.path)
  reader.listSessions(firstPage(50), {})
  expect(statements.filter((sql) => sql.includes('sessions.rowid >'))).toHaveLength(7)
  statements.length = 0
  reader.listSessions(firstPage(50), {})
  const reads = statements.splice(0).filter((sql) => sql.startsWith('SELECT'))
  expect(reads).toEqual([expect.stringContaining('sessions.id IN (SELECT value FROM json_each(')])
  hermes.addMessage('s7', 9000)
  reader.listSessions(firstPage(50), {})
  expect(statements.filter((sql) => sql.startsWith('SELECT') && sql.includes('sessions.rowid >'))).toHaveLength(1)
  expect(statements.filter((sql) => sql.includes('messages.id >'))).toHaveLength(1)
})

test('paging through a session reads all of its rows once, until something changes', () => {
  const hermes = newDb()
  hermes.addSession('s')
  for (let i = 1; i <= 9; i++) hermes.addMessage('s', i, { content: `${i}` })
  const { reader, statements } = newReader(hermes.path)
  const countOutlineReads = (): number =>
    statements.splice(0).filter((sql) => sql.includes('messages.session_id IN')).length
  for (const after of [null, 3, 6]) expect(reader.listMessages('s', firstPage(3, after))).toHaveLength(3)
  expect(countOutlineReads()).toBe(1)
  hermes.db.exec('UPDATE messages SET active = 0 WHERE id = 9')
  expect(reader.listMessages('s', firstPage(3, 6))).toHaveLength(2)
  expect(reader.countMessages(['s'])).toEqual(new Map([['s', 8]]))
  expect(countOutlineReads()).toBe(1)
})

test('500 sessions are found by id with one statement', () => {
  const hermes = newLargeDb('newest')
  const { reader, statements } = newReader(hermes.path)
  reader.findSessions([])
  statements.length = 0
  expect(reader.findSessions(Array.from({ length: 500 }, (_, i) => `s${i}`))).toHaveLength(500)
  expect(statements.filter((sql) => sql.startsWith('SELECT'))).toHaveLength(1)
})
