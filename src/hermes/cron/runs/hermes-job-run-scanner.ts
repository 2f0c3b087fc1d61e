import type { HermesCronFiles, HermesJobRunSource } from '../hermes-cron-files.ts'
import { toHermesJobRunEndTime } from './hermes-job-run.ts'
import { type HermesJobRunParts, toHermesJobRunId, toHermesJobRunKey } from './hermes-job-run-key.ts'
import { type HermesJobRunPhase, toHermesJobRunPhase } from './hermes-job-run-phase.ts'
import { type HermesExecution, isHermesExecutionRunning } from './read-hermes-executions.ts'

/** What a scan tells of one run. */
export interface HermesJobRunState {
  readonly id: string
  readonly jobId: string
  readonly phase: HermesJobRunPhase
  /** In epoch milliseconds; null if it has not ended, or nobody knows when. */
  readonly finishedAt: number | null
}

/**
 * The runs at one moment. Of EXECUTIONS, without those that are older than the executions that Hermes keeps. Of TRACES,
 * without those that have no output file, which gives a run its id.
 */
export interface HermesJobRunScan {
  /** Give it to the next scan. */
  readonly version: string
  readonly source: HermesJobRunSource
  readonly runs: readonly HermesJobRunState[]
}

/** A run of a job, without its place among others. */
export interface HermesRunOfJob {
  readonly jobId: string
  readonly run: HermesJobRunParts
}

interface LastScan {
  readonly version: string
  readonly source: HermesJobRunSource
  readonly stamp: string
  /** False if a file was written so shortly before that a later write may have left the same stamp. */
  readonly isSettled: boolean
  readonly running: readonly HermesExecution[]
}

const settleTimeMs = 100 // longer than the clock of any file system stands still

/**
 * Notices that runs begin and end. While no file has been written, a scan costs a few calls of `stat`, and one for each
 * process that runs a job.
 */
export class HermesJobRunScanner {
  readonly #files: HermesCronFiles
  readonly #listTraces: () => readonly HermesRunOfJob[]
  #last: LastScan | null = null
  #scanCount = 0

  /** `listTraces`: all runs, by their output files and sessions. */
  constructor(files: HermesCronFiles, listTraces: () => readonly HermesRunOfJob[]) {
    this.#files = files
    this.#listTraces = listTraces
  }

  /** 'UNCHANGED' if nothing has changed since the scan with this version. Null: the first scan. */
  scan(version: string | null): HermesJobRunScan | 'UNCHANGED' {
    const now = Date.now()
    const { stamp, latestWriteAt } = this.#files.readRunStamp(this.#last?.source ?? 'EXECUTIONS')
    // Several processes may ask: each has the version of its own last scan.
    const currentVersion = this.#last && this.#isCurrent(this.#last, stamp) ? this.#last.version : null
    if (currentVersion !== null && currentVersion === version) return 'UNCHANGED'
    const executions = this.#files.readExecutions(null, this.#files.readTimezone())
    const source = executions ? 'EXECUTIONS' : 'TRACES'
    const runs = executions
      ? executions.map((execution) => ({ jobId: execution.jobId, run: { execution, session: null, output: null } }))
      : this.#listTraces().filter(({ run }) => run.output !== null)
    const nextVersion = currentVersion ?? `${process.pid}-${now}-${(this.#scanCount += 1)}`
    this.#last = {
      version: nextVersion,
      source,
      stamp,
      isSettled: source === (this.#last?.source ?? 'EXECUTIONS') && Math.abs(now - latestWriteAt) > settleTimeMs,
      running: (executions ?? []).filter(isHermesExecutionRunning),
    }
    return { version: nextVersion, source, runs: runs.flatMap((each) => toState(each) ?? []) }
  }

  #isCurrent({ stamp, isSettled, running }: LastScan, currentStamp: string): boolean {
    return isSettled && stamp === currentStamp && running.every(isHermesExecutionRunning)
  }
}

function toState({ jobId, run }: HermesRunOfJob): HermesJobRunState | null {
  const phase = toHermesJobRunPhase(run)
  if (phase === null) return null
  const finishedAt = phase === 'RUNNING' ? null : toHermesJobRunEndTime(run)
  return { id: toHermesJobRunId(jobId, toHermesJobRunKey(run)), jobId, phase, finishedAt }
}
