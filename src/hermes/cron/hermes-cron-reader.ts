import type { PageRequest } from '../../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import type { StateDatabase, StateDatabaseConnection } from '../state/state-database.ts'
import { readHermesCronSessionJobIds, readHermesCronSessions } from './runs/cron-sessions.ts'
import { HermesCronFiles } from './hermes-cron-files.ts'
import { toHermesJobRunRecord, toHermesJobRunStartTime } from './runs/hermes-job-run.ts'
import { findHermesJobRun, parseHermesJobRunId } from './runs/hermes-job-run-key.ts'
import { type HermesJobFields, newRemovedHermesJob, toHermesJobRecord } from './hermes-jobs-file.ts'
import {
  type HermesJobRunRecords,
  joinHermesJobRuns,
  type JoinedHermesJobRun,
  resolveRunPosition,
} from './runs/join-hermes-job-runs.ts'
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
  /** Of one job, or of all; null if they cannot be read. */
  readonly executions: readonly HermesExecution[] | null
  readonly definitions: readonly HermesJobFields[]
}

/** What runs of a job have left behind. */
type CronRunTraces = Pick<HermesJobRunRecords, 'sessions' | 'outputs'>

/**
 * The jobs of a Hermes agent, read again with every call: definitions from jobs.json, their state from there or from
 * runtime.db, and runs from executions.db, the output files and the sessions. A job that Hermes has removed is listed while
 * it has runs.
 *
 * Hermes writes meanwhile: first a job, then an execution, then its session, then its output file. They are read in the
 * opposite order. Otherwise, a session could seem to have no execution, or a new job to be removed.
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
    const idsOfTraces = [...this.#files.listOutputJobIds(), ...this.#readSessions(readHermesCronSessionJobIds)]
    const snapshot = this.#readSnapshot(null)
    if (!snapshot) return []
    const jobs = this.#toDefinedJobs(snapshot)
    const idsOfExecutions = (snapshot.executions ?? []).map(({ jobId }) => jobId)
    const removed = [...new Set([...idsOfExecutions, ...idsOfTraces])]
      .filter((id) => !jobs.has(id))
      .flatMap((id) => this.#toRemovedJob(id, this.#joinRuns(id, snapshot), snapshot) ?? [])
    return [...jobs.values(), ...removed.toSorted((a, b) => a.createdAt - b.createdAt)]
  }

  findJob(id: string): JobRecord | null {
    const snapshot = this.#readSnapshot(id)
    const defined = snapshot && this.#toDefinedJobs(snapshot).get(id)
    return defined ?? (snapshot && this.#toRemovedJob(id, this.#joinRuns(id, snapshot), snapshot))
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
    const run = found && findHermesJobRun(found.runs, parsed.key)
    return found && run ? this.#readRun(found.job, run) : null
  }

  #loadJob(id: string): JobWithRuns | null {
    const traces = this.#readTraces(id, this.#files.readTimezone())
    const snapshot = this.#readSnapshot(id)
    if (!snapshot) return null
    const runs = this.#joinRuns(id, snapshot, traces)
    const job = this.#toDefinedJobs(snapshot).get(id) ?? this.#toRemovedJob(id, runs, snapshot)
    return job && { job, runs }
  }

  /** Null if jobs.json cannot be read: no job is known to be removed then. */
  #readSnapshot(jobId: string | null): CronSnapshot | null {
    const timezone = this.#files.readTimezone()
    const executions = this.#files.readExecutions(jobId, timezone)
    const all = this.#files.readJobDefinitions()
    if (!all) return null
    const definitions = jobId === null ? all : all.filter(({ id }) => textFromHermesCell(id) === jobId)
    return { timezone, executions, definitions }
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
  #toRemovedJob(id: string, runs: readonly JoinedHermesJobRun[], { timezone }: CronSnapshot): JobRecord | null {
    const oldest = runs.at(-1)
    if (!oldest) return null
    const ended = runs.filter(({ execution }) => !execution || !isHermesExecutionRunning(execution))
    return newRemovedHermesJob(id, {
      profile: this.#profile,
      timezone,
      createdAt: toHermesJobRunStartTime(oldest),
      completedRuns: ended.length,
    })
  }

  #joinRuns(
    jobId: string,
    { timezone, executions }: CronSnapshot,
    traces = this.#readTraces(jobId, timezone),
  ): JoinedHermesJobRun[] {
    const executionsOfJob = (executions ?? []).filter((execution) => execution.jobId === jobId)
    return joinHermesJobRuns({ ...traces, executions: executionsOfJob })
  }

  #readTraces(jobId: string, timezone: string): CronRunTraces {
    const outputs = this.#files.listOutputFiles(jobId, timezone)
    return { outputs, sessions: this.#readSessions((file) => readHermesCronSessions(file, jobId, timezone)) }
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
