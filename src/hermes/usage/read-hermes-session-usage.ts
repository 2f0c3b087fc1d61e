import { chunkArray } from '../../lib/chunk-array.ts'
import type { ForeignSessionUsage, ForeignUsagePage, ForeignUsageQuery } from '../../storage/usage/usage-sum-store.ts'
import { countFromHermesCell, millisecondsFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'
import { readHermesSessions, toJsonIdList } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { SharedHermesSession } from '../../storage/installation/hermes-index.ts'

/** How many sessions one page looks at, so that other reads of the worker are not delayed. */
const sessionsPerPage = 5_000
const idsPerQuery = 500

/** When a session was used last, in epoch milliseconds, and how many answers it has. */
export type HermesSessionUse = Pick<SharedHermesSession, 'usedAt' | 'answers'>

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
  const afterRowid = after === null ? Number.MIN_SAFE_INTEGER : Number(after)
  const page = db
    .prepare<[number, number], { last: number | null; count: number }>(
      `SELECT max(number) AS last, count(*) AS count FROM (
         SELECT sessions.rowid AS number FROM ${schema.numberedSessionsSql} WHERE sessions.rowid > ?
         ORDER BY sessions.rowid LIMIT ?)`,
    )
    .get(afterRowid, sessionsPerPage)
  const last = page?.last ?? null
  if (!page || last === null) return { sessions: [], next: null }
  const rows = db
    .prepare<[number, number, number, number], UsedSessionRow>(
      `SELECT sessions.id, used_at, ${buildAnswerCountSql(file)} AS answers FROM (
         SELECT sessions.id, ${buildUsedAtSql(file)} AS used_at FROM ${schema.numberedSessionsSql}
         WHERE sessions.rowid > ? AND sessions.rowid <= ?) AS sessions
       WHERE used_at >= ? AND used_at < ?`,
    )
    .all(afterRowid, last, from / 1000, to / 1000)
  return { sessions: toSessionUsage(file, rows, profile), next: page.count < sessionsPerPage ? null : String(last) }
}

/** The use of those of these sessions that exist. At most 500 ids. */
export function readHermesSessionUse(
  file: StateDatabaseConnection,
  ids: readonly string[],
): Map<string, HermesSessionUse> {
  const rows = file.db
    .prepare<[string], UsedSessionRow>(
      `SELECT sessions.id, ${buildUsedAtSql(file)} AS used_at, ${buildAnswerCountSql(file)} AS answers FROM sessions
       WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(toJsonIdList(ids))
  return new Map(rows.map((row) => [textFromHermesCell(row.id) ?? '', toUse(row)]))
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
    const { usedAt, answers } = row ? toUse(row) : unknownUse
    return usedAt === null ? [] : [{ session, at: usedAt, jobId: parseHermesJobIdOfSession(session.id), answers }]
  })
}

const unknownUse: HermesSessionUse = { usedAt: null, answers: 0 }

function toUse({ used_at, answers }: UsedSessionRow): HermesSessionUse {
  return { usedAt: millisecondsFromHermesCell(used_at), answers: countFromHermesCell(answers) }
}

/** The job in the id of a session that is a run of it. */
export function parseHermesJobIdOfSession(sessionId: string): string | null {
  return /^cron_(.+)_\d{8}_\d{6}(?!\d)/s.exec(sessionId)?.[1] ?? null
}
