import type { JobRunRecord } from '../model/job.ts'
import type {
  ChangedJobRun,
  ChangedJobRunRange,
  FinishedJobRunQuery,
  WatchableJobRunChanges,
} from '../storage/job-store.ts'
import type { FoundHermesJobRuns } from './cron/hermes-cron-reader.ts'
import type { HermesJobRunSource } from './cron/hermes-cron-files.ts'
import { type HermesJobRunPhase, isLaterPhase, phaseFromHermesJobRun } from './cron/runs/hermes-job-run-phase.ts'
import type { HermesJobRunScan, HermesJobRunState } from './cron/runs/hermes-job-run-scanner.ts'

/** Reads Hermes in the worker. Resolves to null if the worker cannot answer. */
export interface HermesJobRunReader {
  scanRuns(version: string | null): Promise<HermesJobRunScan | 'UNCHANGED' | null>
  findRuns(ids: readonly string[]): Promise<FoundHermesJobRuns | null>
  listFinishedRuns(query: FinishedJobRunQuery): Promise<FoundHermesJobRuns | null>
}

interface KnownRun {
  readonly jobId: string
  readonly phase: HermesJobRunPhase
  /** 0 if it has not changed since it was first seen. */
  readonly changeSeq: number
}

const pollIntervalMs = 500
const pollShare = 20 // of the worker's time, one part of so many
const maxPollIntervalMs = 10_000 // a process that does not answer may be replaced by another one
const lateEndMs = 60_000 // by so much may the end of a run be older than the scan that first shows it

/**
 * Numbers the changes of the runs of Hermes' jobs: it compares what one scan of the worker shows with what the last one did.
 * While somebody watches, it scans twice a second, less often if that takes long. A run passes its phases in one direction,
 * whatever a file says.
 *
 * What it knows is kept in this thread, so that a worker that exits costs no change. While executions.db cannot be read, as
 * when it is locked, nothing changes: without it, the same runs have other ids.
 */
export class HermesJobRunFeed implements WatchableJobRunChanges {
  readonly #reader: HermesJobRunReader
  readonly #watchers = new Set<{ readonly onChange: () => void }>()
  readonly #known = new Map<string, KnownRun>()
  /** The ids of the runs that have changed, in the order of their changes. */
  readonly #changedIds = new Set<string>()
  #latestChangeSeq = 0
  #source: HermesJobRunSource = 'TRACES'
  #version: string | null = null
  /** When the last scan began that was answered, in epoch milliseconds. */
  #scannedAt: number | null = null
  #scanning: Promise<void> = Promise.resolve()
  #pollTimer: NodeJS.Timeout | undefined
  /** There are runs that could not be read when they were asked for. */
  #hasUnreadChanges = false

  constructor(reader: HermesJobRunReader) {
    this.#reader = reader
  }

  watch(onChange: () => void): Disposable {
    const watcher = { onChange }
    this.#watchers.add(watcher)
    if (this.#watchers.size === 1) this.#schedulePoll(pollIntervalMs)
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher)
        if (this.#watchers.size === 0) clearTimeout(this.#pollTimer)
      },
    }
  }

  /** As of now, whenever the last scan was. */
  async loadLatestChangeSeq(): Promise<number> {
    await this.#scan()
    return this.#latestChangeSeq
  }

  async listRunningRuns(): Promise<ChangedJobRun[] | null> {
    const ids = [...this.#known].flatMap(([id, { phase }]) => (phase === 'RUNNING' ? [id] : []))
    const found = await this.#findRuns(ids)
    return found && found.flatMap((run) => this.#toChangedRun(run) ?? [])
  }

  async listFinishedRuns(query: FinishedJobRunQuery): Promise<ChangedJobRun[] | null> {
    const found = this.#selectComplete(await this.#reader.listFinishedRuns(query))
    return found && found.flatMap((run) => this.#toChangedRun(run) ?? [])
  }

  async listChangedRuns({ after, jobId, limit }: ChangedJobRunRange): Promise<ChangedJobRun[]> {
    for (let lastSeq = after; ;) {
      const page = this.#listChanges(lastSeq, jobId).slice(0, limit)
      lastSeq = page.at(-1)?.changeSeq ?? lastSeq
      if (page.length === 0) return []
      const found = await this.#findRuns(page.map(({ id }) => id))
      if (!found) return []
      const runs = found.flatMap((run) => this.#toChangedRun(run) ?? [])
      // A run that has gone on in the meantime has a later change, which a later page has.
      const current = runs.filter(({ changeSeq }) => changeSeq <= lastSeq)
      if (current.length > 0) return current
    }
  }

  #listChanges(after: number, jobId: string | null) {
    return [...this.#changedIds].flatMap((id) => {
      const run = this.#known.get(id)
      return run && run.changeSeq > after && (jobId === null || run.jobId === jobId) ? [{ id, ...run }] : []
    })
  }

  /** In the order of the ids. Null if they cannot be read now, but could be before. */
  async #findRuns(ids: readonly string[]): Promise<readonly JobRunRecord[] | null> {
    return ids.length === 0 ? [] : this.#selectComplete(await this.#reader.findRuns(ids))
  }

  /** Null if they cannot be read now: the watchers are notified by the next scan, so that they try again. */
  #selectComplete(found: FoundHermesJobRuns | null): readonly JobRunRecord[] | null {
    if (found && (found.isComplete || this.#source === 'TRACES')) return found.runs
    this.#hasUnreadChanges = true
    return null
  }

  /** Null if the run was read before it reached the phase in which it is known to be. */
  #toChangedRun(run: JobRunRecord): ChangedJobRun | null {
    const phase = phaseFromHermesJobRun(run)
    const known = this.#known.get(run.id)
    if (!known) this.#known.set(run.id, { jobId: run.jobId, phase, changeSeq: 0 })
    else if (isLaterPhase(known.phase, phase)) return null
    else if (isLaterPhase(phase, known.phase)) {
      this.#recordChange(run.id, run.jobId, phase)
      this.#notify()
    }
    return { run, changeSeq: this.#known.get(run.id)?.changeSeq ?? 0 }
  }

  #schedulePoll(delayMs: number): void {
    clearTimeout(this.#pollTimer)
    this.#pollTimer = setTimeout(() => void this.#poll(), delayMs).unref()
  }

  async #poll(): Promise<void> {
    const startedAt = performance.now()
    await this.#scan()
    if (this.#watchers.size > 0) {
      const delayMs = (performance.now() - startedAt) * pollShare
      this.#schedulePoll(Math.min(Math.max(pollIntervalMs, delayMs), maxPollIntervalMs))
    }
  }

  /** One after the other. Each begins after it was asked for. */
  #scan(): Promise<void> {
    this.#scanning = this.#scanning.then(() => this.#scanOnce())
    return this.#scanning
  }

  async #scanOnce(): Promise<void> {
    const startedAt = Date.now()
    this.#scannedAt ??= startedAt
    const latestChangeSeq = this.#latestChangeSeq
    const scan = await this.#reader.scanRuns(this.#version)
    if (scan === null) return
    if (scan !== 'UNCHANGED') this.#applyScan(scan)
    this.#scannedAt = startedAt
    if (latestChangeSeq !== this.#latestChangeSeq || this.#hasUnreadChanges) this.#notify()
    this.#hasUnreadChanges = false
  }

  #applyScan({ version, source, runs }: HermesJobRunScan): void {
    if (source === 'TRACES' && this.#source === 'EXECUTIONS') return
    this.#version = version
    this.#source = source
    for (const run of runs) this.#applyState(run)
    const ids = new Set(runs.map(({ id }) => id))
    for (const id of this.#known.keys()) {
      if (ids.has(id)) continue
      this.#known.delete(id)
      this.#changedIds.delete(id)
    }
  }

  #applyState(state: HermesJobRunState): void {
    const known = this.#known.get(state.id)
    const isChange = known ? isLaterPhase(state.phase, known.phase) : this.#isNewRun(state)
    if (isChange) this.#recordChange(state.id, state.jobId, state.phase)
    else if (!known) this.#known.set(state.id, { jobId: state.jobId, phase: state.phase, changeSeq: 0 })
  }

  /** Whether a run that is seen for the first time is one: old runs get other ids when Hermes removes their executions. */
  #isNewRun({ finishedAt }: HermesJobRunState): boolean {
    return finishedAt === null || finishedAt > (this.#scannedAt ?? 0) - lateEndMs
  }

  #recordChange(id: string, jobId: string, phase: HermesJobRunPhase): void {
    this.#latestChangeSeq += 1
    this.#known.set(id, { jobId, phase, changeSeq: this.#latestChangeSeq })
    this.#changedIds.delete(id)
    this.#changedIds.add(id)
  }

  #notify(): void {
    for (const { onChange } of [...this.#watchers]) onChange()
  }
}
