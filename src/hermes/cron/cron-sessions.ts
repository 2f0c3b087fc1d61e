import { millisecondsFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { HermesCronSession } from './hermes-cron-reader.ts'

/** The sessions in which Hermes ran a job, newest first. Their ids are `cron_<job>_<date>_<time>`. */
export function readHermesCronSessions({ db, schema }: StateDatabaseConnection, jobId: string): HermesCronSession[] {
  if (!schema.hasSessions || jobId.includes('\0')) return []
  const prefix = `cron_${jobId}_`
  return db
    .prepare<[string, string], { id: unknown; started_at: unknown; ended_at: unknown }>(
      `SELECT ${schema.selectColumns('sessions', ['id', 'started_at', 'ended_at'])} FROM sessions
       WHERE sessions.id > ? AND sessions.id < ? ORDER BY sessions.id DESC`,
    )
    .all(prefix, `${prefix}:`)
    .flatMap((row) => {
      const id = textFromHermesCell(row.id) ?? ''
      // The id of another job may begin with this one.
      const [, date, time] = /^(\d{8})_(\d{6})(?!\d)/.exec(id.slice(prefix.length)) ?? []
      const startedAt = millisecondsFromHermesCell(row.started_at)
      if (date === undefined || time === undefined || startedAt === null) return []
      return [{ id, startPosition: Number(date + time), startedAt, endedAt: millisecondsFromHermesCell(row.ended_at) }]
    })
}
