import type { PageRequest } from '../../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import type { FinishedJobRunQuery } from '../../storage/job-store.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import type { StateDatabase, StateDatabaseConnection } from '../state/state-database.ts'
import { readHermesCronSessionJobIds, readHermesCronSessions } from './runs/cron-sessions.ts'
import { HermesCronFiles } from './hermes-cron-files.ts'
import { toHermesJobRunEndTime, toHermesJobRunRecord, toHermesJobRunStartTime } from './runs/hermes-job-run.ts'
import { findHermesJobRun, parseHermesJobRunId } from './runs/hermes-job-run-key.ts'
import { toHermesJobRunPhase } from './runs/hermes-job-run-phase.ts'
import { type HermesJobRunScan, HermesJobRunScanner } from './runs/hermes-job-run-scanner.ts'
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

interface LoadedJob {
  readonly found: JobWithRuns | null
  readonly isComplete: boolean
}

/** Runs, and whether both executions.db and jobs.json could be read. */
export interface FoundHermesJobRuns {
  readonly runs: readonly JobRunRecord[]
  readonly isComplete: boolean
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
const noTraces: CronRunTraces = { sessions: [], outputs: [] }

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
  readonly #scanner: HermesJobRunScanner

  constructor(options: HermesCronReaderOptions) {
    this.#profile = options.profile
    this.#database = options.database
    this.#files = new HermesCronFiles(options)
    this.#scanner = new HermesJobRunScanner(this.#files, () =>
      this.#loadJobs().found.flatMap(({ job, runs }) => runs.map((run) => ({ jobId: job.id, run }))),
    )
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
    const { found } = this.#loadJob(jobId)
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
    return this.findRuns([id]).runs[0] ?? null
  }

  /** Those of the runs that exist, in the order of their ids. */
  findRuns(ids: readonly string[]): FoundHermesJobRuns {
    const jobs = new Map<string, LoadedJob>()
    const runs = ids.flatMap((id) => {
      const parsed = parseHermesJobRunId(id)
      if (!parsed) return []
      const { found } = jobs.get(parsed.jobId) ?? this.#loadInto(jobs, parsed.jobId)
      const run = found && findHermesJobRun(found.runs, parsed.key)
      return (found && run && this.#readRun(found.job, run)) ?? []
    })
    return { runs, isComplete: [...jobs.values()].every(({ isComplete }) => isComplete) }
  }

  /** The runs that have ended, or whose process has, after a time or nobody knows when; the newest, oldest first. */
  listFinishedRuns({ finishedAfter, jobId, limit }: FinishedJobRunQuery): FoundHermesJobRuns {
    const { found, isComplete } = jobId === null ? this.#loadJobs() : this.#loadJob(jobId)
    const candidates = [found ?? []].flat().flatMap(({ job, runs }) =>
      runs.flatMap((run) => {
        const phase = toHermesJobRunPhase(run)
        const finishedAt = toHermesJobRunEndTime(run)
        const time = finishedAt ?? toHermesJobRunStartTime(run)
        const isRecent = time > finishedAfter || (finishedAt === null && phase === 'INTERRUPTED')
        return phase !== null && phase !== 'RUNNING' && isRecent ? [{ job, run, time }] : []
      }),
    )
    const newest = candidates.toSorted((a, b) => a.time - b.time || a.run.position - b.run.position).slice(-limit)
    return { runs: newest.flatMap(({ job, run }) => this.#readRun(job, run) ?? []), isComplete }
  }

  /** The runs that have begun and ended since the scan with this version. See `HermesJobRunScanner.scan`. */
  scanRuns(version: string | null): HermesJobRunScan | 'UNCHANGED' {
    return this.#scanner.scan(version)
  }

  #loadJob(id: string): LoadedJob {
    const traces = this.#readTraces(id, this.#files.readTimezone())
    const snapshot = this.#readSnapshot(id)
    if (!snapshot) return { found: null, isComplete: false }
    const runs = this.#joinRuns(id, snapshot, traces)
    const job = this.#toDefinedJobs(snapshot).get(id) ?? this.#toRemovedJob(id, runs, snapshot)
    return { found: job && { job, runs }, isComplete: snapshot.executions !== null }
  }

  #loadInto(jobs: Map<string, LoadedJob>, id: string): LoadedJob {
    const loaded = this.#loadJob(id)
    jobs.set(id, loaded)
    return loaded
  }

  /** All jobs that have runs. `isComplete` as in `LoadedJob`. */
  #loadJobs(): { readonly found: readonly JobWithRuns[]; readonly isComplete: boolean } {
    const timezone = this.#files.readTimezone()
    const idsOfTraces = [...this.#files.listOutputJobIds(), ...this.#readSessions(readHermesCronSessionJobIds)]
    const traces = new Map([...new Set(idsOfTraces)].map((id) => [id, this.#readTraces(id, timezone)]))
    const snapshot = this.#readSnapshot(null)
    if (!snapshot) return { found: [], isComplete: false }
    const defined = this.#toDefinedJobs(snapshot)
    const executionsByJob = Map.groupBy(snapshot.executions ?? [], ({ jobId }) => jobId)
    const found = [...new Set([...executionsByJob.keys(), ...traces.keys()])].flatMap((id) => {
      const { outputs, sessions } = traces.get(id) ?? noTraces
      const runs = joinHermesJobRuns({ outputs, sessions, executions: executionsByJob.get(id) ?? [] })
      const job = defined.get(id) ?? this.#toRemovedJob(id, runs, snapshot)
      return job ? [{ job, runs }] : []
    })
    return { found, isComplete: snapshot.executions !== null }
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
