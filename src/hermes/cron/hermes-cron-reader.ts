import type { PageRequest } from '../../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import type { StateDatabase, StateDatabaseConnection } from '../state/state-database.ts'
import { readHermesCronSessionJobIds, readHermesCronSessions } from './runs/cron-sessions.ts'
import { HermesCronFiles } from './hermes-cron-files.ts'
import {
  isHermesJobRunKey,
  parseHermesJobRunId,
  toHermesJobRunRecord,
  toHermesJobRunStartTime,
} from './runs/hermes-job-run.ts'
import { type HermesJobFields, newRemovedHermesJob, toHermesJobRecord } from './hermes-jobs-file.ts'
import { joinHermesJobRuns, type JoinedHermesJobRun, resolveRunPosition } from './runs/join-hermes-job-runs.ts'
import { type HermesExecution, isHermesExecutionRunning } from './runs/read-hermes-executions.ts'
import { parseHermesJobOutput } from './runs/run-output.ts'

export interface HermesCronReaderOptions extends Pick<
  HermesReaderOptions,
  'path' | 'profile' | 'lockTimeoutMs' | 'log'
> {
  /** Contains the sessions of the runs. */
  readonly database: StateDatabase
}

/** A job and its runs, newest first. */
interface JobWithRuns {
  readonly job: JobRecord
  readonly runs: readonly JoinedHermesJobRun[]
}

/** What all jobs of one answer have in common. */
interface CronSnapshot {
  readonly timezone: string
  readonly definitions: readonly HermesJobFields[]
  /** Of one job, or of all; null if they cannot be read. */
  readonly executions: readonly HermesExecution[] | null
}

/**
 * The jobs of a Hermes agent, read again with every call: definitions from jobs.json, their state from there or from
 * runtime.db, and runs from executions.db, the output files and the sessions. A job that Hermes has removed is listed while
 * it has runs.
 */
export class HermesCronReader {
  readonly #profile: string
  readonly #database: StateDatabase
  readonly #files: HermesCronFiles

  constructor(options: HermesCronReaderOptions) {
    this.#profile = options.profile
    this.#database = options.database
    this.#files = new HermesCronFiles(options)
  }

  /** In the order of jobs.json, then the removed ones, oldest run first. */
  listJobs(): JobRecord[] {
    const snapshot = this.#readSnapshot(null)
    if (!snapshot) return []
    const jobs = this.#toDefinedJobs(snapshot)
    const candidates = [
      ...(snapshot.executions ?? []).map(({ jobId }) => jobId),
      ...this.#files.listOutputJobIds(),
      ...this.#readSessions(readHermesCronSessionJobIds),
    ]
    const removed = [...new Set(candidates)]
      .filter((id) => !jobs.has(id))
      .flatMap((id) => this.#toRemovedJob(id, snapshot) ?? [])
    return [...jobs.values(), ...removed.toSorted((a, b) => a.createdAt - b.createdAt)]
  }

  findJob(id: string): JobRecord | null {
    const snapshot = this.#readSnapshot(id)
    return snapshot && (this.#toDefinedJobs(snapshot).get(id) ?? this.#toRemovedJob(id, snapshot))
  }

  /** A page of a job's runs, newest first. */
  listRuns(jobId: string, { after, before, limit, backwards }: PageRequest<number>): JobRunRecord[] {
    const found = this.#loadJob(jobId)
    if (!found) return []
    const { job, runs } = found
    const [from, to] = [after, before].map((bound) =>
      bound === null ? null : resolveRunPosition(runs, bound, job.timezone),
    )
    const selected = runs.filter(({ position }) => (from == null || position < from) && (to == null || position > to))
    const page: JobRunRecord[] = []
    for (const run of backwards ? selected.toReversed() : selected) {
      if (page.length >= limit) break
      const record = this.#readRun(job, run)
      if (record) page.push(record)
    }
    return backwards ? page.toReversed() : page
  }

  findRun(id: string): JobRunRecord | null {
    const parsed = parseHermesJobRunId(id)
    if (!parsed) return null
    const found = this.#loadJob(parsed.jobId)
    const run = found?.runs.find((each) => isHermesJobRunKey(each, parsed.key))
    return found && run ? this.#readRun(found.job, run) : null
  }

  #loadJob(id: string): JobWithRuns | null {
    const snapshot = this.#readSnapshot(id)
    if (!snapshot) return null
    const runs = this.#joinRuns(id, snapshot)
    const job = this.#toDefinedJobs(snapshot).get(id) ?? this.#toRemovedJob(id, snapshot, runs)
    return job && { job, runs }
  }

  /** Null if jobs.json cannot be read: no job is known to be removed then. */
  #readSnapshot(jobId: string | null): CronSnapshot | null {
    const definitions = this.#files.readJobDefinitions()
    if (!definitions) return null
    const timezone = this.#files.readTimezone()
    return {
      timezone,
      definitions: jobId === null ? definitions : definitions.filter(({ id }) => textFromHermesCell(id) === jobId),
      executions: this.#files.readExecutions(jobId, timezone),
    }
  }

  /** The jobs of jobs.json, by id. */
  #toDefinedJobs({ timezone, definitions, executions }: CronSnapshot): Map<string, JobRecord> {
    const jobs = new Map<string, JobRecord>()
    if (definitions.length === 0) return jobs
    const states = this.#files.readJobStates()
    const running = executions && new Set(executions.filter(isHermesExecutionRunning).map(({ jobId }) => jobId))
    const context = { profile: this.#profile, timezone, now: Date.now() }
    for (const definition of definitions) {
      const isRunning = running && running.has(String(definition.id))
      const job = toHermesJobRecord(definition, states.get(String(definition.id)) ?? {}, { ...context, isRunning })
      if (job && !jobs.has(job.id)) jobs.set(job.id, job)
    }
    return jobs
  }

  /** Null if the job has no runs either. */
  #toRemovedJob(id: string, snapshot: CronSnapshot, runs = this.#joinRuns(id, snapshot)): JobRecord | null {
    const oldest = runs.at(-1)
    if (!oldest) return null
    const ended = runs.filter(({ execution }) => !execution || !isHermesExecutionRunning(execution))
    return newRemovedHermesJob(id, {
      profile: this.#profile,
      timezone: snapshot.timezone,
      createdAt: toHermesJobRunStartTime(oldest),
      completedRuns: ended.length,
    })
  }

  #joinRuns(jobId: string, { timezone, executions }: CronSnapshot): JoinedHermesJobRun[] {
    return joinHermesJobRuns({
      executions: (executions ?? []).filter((execution) => execution.jobId === jobId),
      sessions: this.#readSessions((file) => readHermesCronSessions(file, jobId, timezone)),
      outputs: this.#files.listOutputFiles(jobId, timezone),
    })
  }

  /** Without a state.db there are no sessions, which is no news to the log. */
  #readSessions<T>(read: (file: StateDatabaseConnection) => T[]): T[] {
    return this.#database.exists ? this.#database.read([], read) : []
  }

  /** Null if all that is known of the run is an output file that cannot be read. */
  #readRun(job: JobRecord, run: JoinedHermesJobRun): JobRunRecord | null {
    const text = run.output && this.#files.readOutputFile(job.id, run.output)
    if (text === null && !run.execution && !run.session) return null
    return toHermesJobRunRecord(job.id, run, text === null ? null : parseHermesJobOutput(text, job.prompt))
  }
}
