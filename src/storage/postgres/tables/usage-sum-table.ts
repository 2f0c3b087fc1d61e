import { noUsage } from '../../../model/usage.ts'
import { addToStoredUsage, type CountedUsage, listIncreasedSums, type UsageSumRow } from '../../rows/usage-sum-row.ts'
import type { UsageDimension } from '../../usage/usage-sum-store.ts'
import { defineInsert, insertRows, type PostgresTransaction, toInsertValues } from '../database/postgres-statement.ts'

interface StoredSum extends UsageSumRow {
  readonly dimension: UsageDimension
}

interface SessionUsageRow {
  readonly id: string
  readonly usage: string
  readonly source: string
  readonly job_id: string | null
}

const selectSessions = {
  name: 'select-usage-of-sessions',
  text: `SELECT id, usage, source, (SELECT job_id FROM job_runs
      WHERE job_runs.profile = $1 AND job_runs.session_id = sessions.id AND finished_at IS NULL LIMIT 1) AS job_id
    FROM sessions WHERE profile = $1 AND id = ANY($2::text[])`,
}

const updateSessions = {
  name: 'update-usage-of-sessions',
  text: `UPDATE sessions SET usage = counted.usage FROM unnest($2::text[], $3::text[]) AS counted (id, usage)
    WHERE sessions.profile = $1 AND sessions.id = counted.id`,
}

// Locks the rows, and inserts those that are missing.
const lock = defineInsert<StoredSum>(
  'lock-usage-sums',
  'usage_sums AS old',
  { dimension: 'text', day: 'bigint', key: 'text', answers: 'bigint', usage: 'text' },
  `ON CONFLICT (profile, dimension, day, key) DO UPDATE SET answers = old.answers
    RETURNING dimension, day, key, answers, usage`,
)

const update = defineInsert<StoredSum>(
  'update-usage-sums',
  'usage_sums',
  lock.columns,
  `ON CONFLICT (profile, dimension, day, key) DO UPDATE SET answers = excluded.answers, usage = excluded.usage`,
)

/** Adds to the usage of sessions, which the caller has locked, and to the sums of the days. */
export async function countUsage(tx: PostgresTransaction, counted: readonly CountedUsage[]): Promise<void> {
  if (counted.length === 0) return
  const sessions = await loadSessions(tx, counted)
  await addToSums(tx, counted, sessions)
  const usages = new Map<string, string>()
  for (const { sessionId, usage } of counted) {
    const stored = usages.get(sessionId) ?? sessions.get(sessionId)?.usage
    if (stored !== undefined) usages.set(sessionId, addToStoredUsage(stored, usage))
  }
  await tx.execute(updateSessions, [[...usages.keys()], [...usages.values()]])
}

/** Adds to the sums of the days only. What used nothing does not count. */
export async function addToUsageSums(tx: PostgresTransaction, counted: readonly CountedUsage[]): Promise<void> {
  await addToSums(tx, counted, await loadSessions(tx, counted))
}

async function loadSessions(
  tx: PostgresTransaction,
  counted: readonly CountedUsage[],
): Promise<Map<string, SessionUsageRow>> {
  const rows = await tx.query<SessionUsageRow>(selectSessions, [counted.map(({ sessionId }) => sessionId)])
  return new Map(rows.map((row) => [row.id, row]))
}

async function addToSums(
  tx: PostgresTransaction,
  counted: readonly CountedUsage[],
  sessions: ReadonlyMap<string, SessionUsageRow>,
): Promise<void> {
  const increases = counted.flatMap((usage) => {
    const session = sessions.get(usage.sessionId)
    return listIncreasedSums(usage, { source: session?.source, jobId: session?.job_id ?? undefined })
  })
  if (increases.length === 0) return
  const empty = increases.map(({ dimension, day, key }) => ({ dimension, day, key, answers: 0, usage: emptyUsage }))
  // In one order, so that two transactions do not wait for each other.
  const wanted = [...new Map(empty.map((sum) => [toKey(sum), sum])).entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  const locked = await tx.query<StoredSum>(
    lock,
    toInsertValues(
      lock,
      wanted.map(([, sum]) => sum),
    ),
  )
  const sums = new Map(locked.map((sum) => [toKey(sum), sum]))
  for (const increase of increases) {
    const sum = sums.get(toKey(increase))
    if (!sum) throw new Error(`The sum ${toKey(increase)} was not locked.`)
    sum.answers += increase.answers
    sum.usage = addToStoredUsage(sum.usage, increase.usage)
  }
  await insertRows(tx, update, [...sums.values()])
}

const emptyUsage = JSON.stringify(noUsage)

function toKey({ dimension, day, key }: Pick<StoredSum, 'dimension' | 'day' | 'key'>): string {
  return `${dimension} ${day} ${key}`
}
