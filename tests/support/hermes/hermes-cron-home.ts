import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { JobRunRecord } from '../../../src/model/job.ts'
import { HermesCron, newHermesJob } from './hermes-cron.ts'
import type { HermesDb, HermesRow } from './hermes-db.ts'
import { firstPage, newReader, newStatePath } from './hermes-fixtures.ts'

/** The job of a new home. */
export const hermesJobId = 'a1b2c3d4e5f6'

/** A home of Hermes with one job, in the time zone of Stockholm: UTC+1 in winter. It has no state.db yet. */
export function newCronHome() {
  const path = newStatePath()
  const cron = new HermesCron(dirname(path))
  cron.writeCombined([newHermesJob()])
  writeFileSync(join(dirname(path), 'config.yaml'), 'timezone: Europe/Stockholm\n')
  const { reader, log } = newReader(path)
  const listRuns = (id = hermesJobId): JobRunRecord[] => reader.listRuns(id, firstPage(10_000))
  return { path, cron, reader, log, listRuns }
}

/** Adds a session in which Hermes ran a job, and returns its id. `stamp`: local time, as in 20261122_130001. */
export function addCronSession(
  hermes: HermesDb,
  { jobId = hermesJobId, stamp, startedAt, endedAt, row }: CronSessionFields,
): string {
  const id = `cron_${jobId}_${stamp}`
  const ended_at = endedAt === undefined ? null : Date.parse(endedAt) / 1000
  hermes.addSession(id, { source: 'cron', started_at: Date.parse(startedAt) / 1000, ended_at, ...row })
  return id
}

interface CronSessionFields {
  readonly jobId?: string
  readonly stamp: string
  readonly startedAt: string
  readonly endedAt?: string
  /** Other columns. */
  readonly row?: HermesRow
}
