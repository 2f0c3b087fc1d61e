import { secondsToMillis, toText } from '../state/cell-values.ts'
import type { OpenStateDatabase } from '../state/state-database.ts'
import type { CronSession } from './cron-reader.ts'

/** The sessions in which Hermes ran a job, newest first. Their ids are `cron_<job>_<date>_<time>`. */
export function readCronSessions({ db, schema }: OpenStateDatabase, jobId: string): CronSession[] {
  if (!schema.hasSessions || jobId.includes('\0')) return []
  const prefix = `cron_${jobId}_`
  return db
    .prepare<[string, string], { id: unknown; started_at: unknown; ended_at: unknown }>(
      `SELECT ${schema.selectColumns('sessions', ['id', 'started_at', 'ended_at'])} FROM sessions
       WHERE sessions.id > ? AND sessions.id < ? ORDER BY sessions.id DESC`,
    )
    .all(prefix, `${prefix}:`)
    .flatMap((row) => {
      const id = toText(row.id) ?? ''
      // The id of another job may begin with this one.
      const [, date, time] = /^(\d{8})_(\d{6})(?!\d)/.exec(id.slice(prefix.length)) ?? []
      const startedAt = secondsToMillis(row.started_at)
      if (date === undefined || time === undefined || startedAt === null) return []
      return [{ id, startPosition: Number(date + time), startedAt, endedAt: secondsToMillis(row.ended_at) }]
    })
}
