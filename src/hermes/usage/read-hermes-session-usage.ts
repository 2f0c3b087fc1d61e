import { chunkArray } from '../../lib/chunk-array.ts'
import type { ForeignSessionUsage, ForeignUsagePage, ForeignUsageQuery } from '../../storage/usage/usage-sum-store.ts'
import { countFromHermesCell, millisecondsFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'
import { readHermesSessions } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'

/** How many sessions one page looks at, so that other reads of the worker are not delayed. */
const sessionsPerPage = 5_000
const idsPerQuery = 500

interface UsedSessionRow {
  readonly id: unknown
  readonly used_at: unknown
  readonly answers: unknown
}

/**
 * What the sessions of a Hermes agent have used. Hermes counts a session as a whole: it counts when it was used last. The
 * messages of its user are its answers.
 */
export function readHermesSessionUsage(
  file: StateDatabaseConnection,
  { from, to, after }: ForeignUsageQuery,
  profile: string,
): ForeignUsagePage {
  const { db, schema } = file
  if (!schema.hasSessions) return { sessions: [], next: null }
  const page = db
    .prepare<[number, number], { last: number | null; count: number }>(
      `SELECT max(number) AS last, count(*) AS count FROM (
         SELECT sessions.rowid AS number FROM ${schema.numberedSessionsSql} WHERE sessions.rowid > ?
         ORDER BY sessions.rowid LIMIT ?)`,
    )
    .get(after ?? Number.MIN_SAFE_INTEGER, sessionsPerPage)
  const last = page?.last ?? null
  if (!page || last === null) return { sessions: [], next: null }
  const rows = db
    .prepare<[number, number, number, number], UsedSessionRow>(
      `SELECT sessions.id, used_at, ${buildAnswerCountSql(file)} AS answers FROM (
         SELECT sessions.id, ${buildUsedAtSql(file)} AS used_at FROM ${schema.numberedSessionsSql}
         WHERE sessions.rowid > ? AND sessions.rowid <= ?) AS sessions
       WHERE used_at >= ? AND used_at < ?`,
    )
    .all(after ?? Number.MIN_SAFE_INTEGER, last, from / 1000, to / 1000)
  return { sessions: toSessionUsage(file, rows, profile), next: page.count < sessionsPerPage ? null : last }
}

/** SQL scalar on `sessions`: when it was used last, in epoch seconds. */
function buildUsedAtSql({ schema }: StateDatabaseConnection): string {
  const toColumns = (names: readonly string[]) =>
    names.filter((name) => schema.hasColumns('sessions', [name])).map((name) => `sessions.${name}`)
  const values = [
    ...toColumns(['last_activity_at', 'ended_at']),
    schema.newestMessageTimeSql,
    ...toColumns(['started_at']),
  ]
  return `coalesce(${[...values, 'NULL'].join(', ')})`
}

function buildAnswerCountSql({ schema }: StateDatabaseConnection): string {
  if (!schema.hasMessages || !schema.hasColumns('messages', ['role'])) return '0'
  return `(SELECT count(*) FROM messages WHERE messages.session_id = sessions.id AND messages.role = 'user'
     AND ${schema.messageCondition})`
}

function toSessionUsage(
  file: StateDatabaseConnection,
  rows: readonly UsedSessionRow[],
  profile: string,
): ForeignSessionUsage[] {
  const rowsById = new Map(rows.map((row) => [textFromHermesCell(row.id) ?? '', row]))
  const found = chunkArray([...rowsById.keys()], idsPerQuery).flatMap((ids) => readHermesSessions(file, ids, profile))
  return found.flatMap(({ record: session }) => {
    const row = rowsById.get(session.id)
    const at = millisecondsFromHermesCell(row?.used_at)
    if (!row || at === null) return []
    return [{ session, at, jobId: parseJobId(session.id), answers: countFromHermesCell(row.answers) }]
  })
}

/** The job in the id of a session that is a run of it. */
function parseJobId(sessionId: string): string | null {
  return /^cron_(.+)_\d{8}_\d{6}(?!\d)/s.exec(sessionId)?.[1] ?? null
}
