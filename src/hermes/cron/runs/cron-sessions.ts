import { localTimeToInstant } from '../../../lib/time-zone.ts'
import type { Usage } from '../../../model/usage.ts'
import { clampTimestamp, millisecondsFromHermesCell, textFromHermesCell } from '../../state/cell-values.ts'
import type { StateDatabaseConnection } from '../../state/state-database.ts'
import {
  hasHermesUsage,
  type HermesUsageRow,
  hermesCostColumns,
  hermesUsageColumns,
  usageFromHermesRow,
} from '../../state/usage-columns.ts'
import { type HermesLocalTime, parseLocalTimeName } from '../parse-local-time-name.ts'

/** A session in which Hermes ran a job. Its id is `cron_<job>_<date>_<time>`. */
export interface HermesCronSession {
  readonly id: string
  /** What follows the job in the id, as in 20261122_130007: Hermes' local time when the run started. */
  readonly stamp: string
  readonly localTime: HermesLocalTime
  readonly startedAt: number
  readonly endedAt: number | null
  /** Null if Hermes has not counted. */
  readonly usage: Usage | null
}

const stampGlob = `${'[0-9]'.repeat(8)}_${'[0-9]'.repeat(6)}`
const stampLength = 15

/** The sessions of a job, newest first. */
export function readHermesCronSessions(
  { db, schema }: StateDatabaseConnection,
  jobId: string,
  timezone: string,
): HermesCronSession[] {
  if (!schema.hasSessions || jobId.includes('\0')) return []
  const prefix = `cron_${jobId}_`
  return db
    .prepare<[string, string], HermesUsageRow & { id: unknown; started_at: unknown; ended_at: unknown }>(
      `SELECT ${schema.selectColumns('sessions', ['id', 'started_at', 'ended_at', ...hermesUsageColumns, ...hermesCostColumns])} FROM sessions
       WHERE sessions.id > ? AND sessions.id < ?`,
    )
    .all(prefix, `${prefix}:`)
    .flatMap((row) => {
      const id = textFromHermesCell(row.id) ?? ''
      const stamp = id.slice(prefix.length)
      // The id of another job may begin with this one.
      if (!/^\d{8}_\d{6}(?!\d)/.test(stamp)) return []
      const localTime = parseLocalTimeName(stamp)
      const startedAt =
        millisecondsFromHermesCell(row.started_at) ?? clampTimestamp(localTimeToInstant(localTime.ms, timezone))
      const endedAt = millisecondsFromHermesCell(row.ended_at)
      const usage = hasHermesUsage(row) ? usageFromHermesRow(row) : null
      return [{ id, stamp, localTime, startedAt, endedAt, usage }]
    })
    .toSorted((a, b) => b.startedAt - a.startedAt || b.localTime.digits - a.localTime.digits)
}

/** The ids of all jobs that have sessions. */
export function readHermesCronSessionJobIds({ db, schema }: StateDatabaseConnection): string[] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[], { job_id: unknown }>(
      `SELECT DISTINCT substr(sessions.id, 6, length(sessions.id) - 6 - ${stampLength}) AS job_id FROM sessions
       WHERE sessions.id > 'cron_' AND sessions.id < 'cron\`' AND sessions.id GLOB 'cron_?*_${stampGlob}'`,
    )
    .all()
    .flatMap(({ job_id }) => textFromHermesCell(job_id) || [])
}
