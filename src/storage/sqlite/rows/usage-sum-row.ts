import { addUsage, countTokens, normalizeStoredUsage, noUsage, type Usage } from '../../../model/usage.ts'
import { toUtcDay, type UsageDimension, type UsageSumQuery, type UsageSumRecord } from '../../usage/usage-sum-store.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

interface UsageSumRow {
  day: number
  key: string
  answers: number
  usage: string
}

/** Something to add to the sums. */
export interface CountedUsage {
  readonly sessionId: string
  readonly model: string
  /** When it ended, in epoch milliseconds. */
  readonly at: number
  readonly usage: Usage
  /** Whether it is a stream, and not a title or a summary. */
  readonly isAnswer: boolean
}

/** Adds to the usage of a session, and to the sums of a day. Call it inside a transaction. */
export function countUsage(db: SqlConnection, counted: CountedUsage): void {
  addToUsageSums(db, counted)
  const row = db.prepare<[string], { usage: string }>('SELECT usage FROM sessions WHERE id = ?').get(counted.sessionId)
  if (!row) return
  const usage = JSON.stringify(addUsage(normalizeStoredUsage(JSON.parse(row.usage)), counted.usage))
  db.prepare<[string, string]>('UPDATE sessions SET usage = ? WHERE id = ?').run(usage, counted.sessionId)
}

/** Adds to the sums of a day. What used nothing does not count. Call it inside a transaction. */
export function addToUsageSums(db: SqlConnection, counted: CountedUsage): void {
  const { sessionId, model, at, usage, isAnswer } = counted
  if (countTokens(usage) === 0 && !usage.cost) return
  const source = db
    .prepare<[string], { source: string }>('SELECT source FROM sessions WHERE id = ?')
    .get(sessionId)?.source
  const jobId = findRunningJobId(db, sessionId)
  const keys: [UsageDimension, string | undefined][] = [
    ['MODEL', model],
    ['SESSION', sessionId],
    ['SOURCE', source],
    ['JOB', jobId],
  ]
  for (const [dimension, key] of keys) {
    if (key !== undefined) addToSum(db, { dimension, key, day: toUtcDay(at), answers: isAnswer ? 1 : 0, usage })
  }
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
  const sum = addUsage(row ? normalizeStoredUsage(JSON.parse(row.usage)) : noUsage, usage)
  db.prepare<[string, number, string, number, string]>(
    `INSERT INTO usage_sums (dimension, day, key, answers, usage) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET answers = answers + excluded.answers, usage = excluded.usage`,
  ).run(dimension, day, key, answers, JSON.stringify(sum))
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
    .map(({ day, key, answers, usage }) => ({ day, key, answers, usage: normalizeStoredUsage(JSON.parse(usage)) }))
}
