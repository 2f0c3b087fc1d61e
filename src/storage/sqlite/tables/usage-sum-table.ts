import {
  addToStoredUsage,
  type CountedUsage,
  listIncreasedSums,
  type UsageSumRow,
  usageSumFromRow,
} from '../../rows/usage-sum-row.ts'
import type { UsageDimension, UsageSumQuery, UsageSumRecord } from '../../usage/usage-sum-store.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

/** Adds to the usage of a session, and to the sums of a day. Call it inside a transaction. */
export function countUsage(db: SqlConnection, counted: CountedUsage): void {
  addToUsageSums(db, counted)
  const row = db.prepare<[string], { usage: string }>('SELECT usage FROM sessions WHERE id = ?').get(counted.sessionId)
  if (!row) return
  db.prepare<[string, string]>('UPDATE sessions SET usage = ? WHERE id = ?').run(
    addToStoredUsage(row.usage, counted.usage),
    counted.sessionId,
  )
}

/** Adds to the sums of a day. What used nothing does not count. Call it inside a transaction. */
export function addToUsageSums(db: SqlConnection, counted: CountedUsage): void {
  const source = db
    .prepare<[string], { source: string }>('SELECT source FROM sessions WHERE id = ?')
    .get(counted.sessionId)?.source
  const jobId = findRunningJobId(db, counted.sessionId)
  for (const sum of listIncreasedSums(counted, { source, jobId })) addToSum(db, sum)
}

/** The job whose run is in progress in a session. */
function findRunningJobId(db: SqlConnection, sessionId: string): string | undefined {
  return db
    .prepare<[string], { job_id: string }>(
      'SELECT job_id FROM job_runs INDEXED BY running_job_runs WHERE finished_at IS NULL AND session_id = ?',
    )
    .get(sessionId)?.job_id
}

function addToSum(
  db: SqlConnection,
  { dimension, key, day, answers, usage }: UsageSumRecord & { readonly dimension: UsageDimension },
): void {
  const row = db
    .prepare<[string, number, string], { usage: string }>(
      'SELECT usage FROM usage_sums WHERE dimension = ? AND day = ? AND key = ?',
    )
    .get(dimension, day, key)
  db.prepare<[string, number, string, number, string]>(
    `INSERT INTO usage_sums (dimension, day, key, answers, usage) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET answers = answers + excluded.answers, usage = excluded.usage`,
  ).run(dimension, day, key, answers, addToStoredUsage(row?.usage, usage))
}

/** A page of the sums, in order of day and key. */
export function readUsageSums(db: SqlConnection, query: UsageSumQuery): UsageSumRecord[] {
  const { dimension, fromDay, toDay, after, limit } = query
  return db
    .prepare<[string, number, string, number, number], UsageSumRow>(
      `SELECT day, key, answers, usage FROM usage_sums WHERE dimension = ? AND (day, key) > (?, ?) AND day <= ?
       ORDER BY day, key LIMIT ?`,
    )
    .all(dimension, after?.day ?? fromDay, after?.key ?? '', toDay, limit)
    .map(usageSumFromRow)
}
