import type { Logger } from '../../lib/logger.ts'
import { describeStorageProblem, findStorageProblem, type StorageProblemKind } from './storage-problem.ts'

/** What fails on its own: a database may still have room in its own files when the disk has none for others. */
export type StoragePart = 'database' | 'files'

/** A problem that lasts. */
export interface StorageProblem {
  readonly kind: StorageProblemKind
  /** A sentence for the people who run the server. It has no path. */
  readonly message: string
}

export interface StorageHealthOptions {
  readonly log: Logger
  /** The milliseconds between two tests whether a part works again. Default: 1,000. */
  readonly probeIntervalMs?: number
}

const defaultProbeIntervalMs = 1_000
const logIntervalMs = 60_000

/**
 * Whether a profile's storage works. Whoever reads or writes it reports failures; from then on a probe tries a write every
 * second until it succeeds. Logs one line a minute while a problem lasts, and one when it has ended.
 */
export class StorageHealth {
  readonly #options: StorageHealthOptions
  readonly #probes = new Map<StoragePart, () => Promise<void> | void>()
  readonly #problems = new Map<StoragePart, StorageProblem>()
  readonly #listeners = new Set<() => void>()
  readonly #lastLoggedAt = new Map<StorageProblemKind, number>()
  /** Whether a line of the log says that there is a problem, and none says that it has ended. */
  #isEndUnlogged = false
  #notice: string | null = null
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(options: StorageHealthOptions) {
    this.#options = options
  }

  /** The problem of a part of the storage; null if all parts work. */
  get problem(): StorageProblem | null {
    return this.#problems.get('database') ?? this.#problems.get('files') ?? null
  }

  /** A sentence on what does not keep the storage from working; null if there is nothing to say. */
  get notice(): string | null {
    return this.#notice
  }

  setNotice(notice: string | null): void {
    if (this.#notice === notice) return
    this.#notice = notice
    this.#notify()
  }

  /** How a part is tested while it fails: it writes something, and throws if that fails. */
  setProbe(part: StoragePart, probe: () => Promise<void> | void): void {
    this.#probes.set(part, probe)
  }

  /** Calls the listener whenever a problem begins, changes or ends. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Reports an error of a part. One that tells of no problem of the storage is ignored. */
  report(part: StoragePart, error: unknown): void {
    const kind = findStorageProblem(error)
    if (kind === null || this.#isClosed) return
    this.#log(kind, error)
    const known = this.#problems.get(part)
    if (known && (known.kind === kind || severity(known.kind) > severity(kind))) return
    this.#problems.set(part, { kind, message: describeStorageProblem(kind) })
    this.#notify()
    this.#scheduleProbe()
  }

  /** Adds to the problem of the database what was found out about it. */
  describe(details: string): void {
    const problem = this.#problems.get('database')
    if (!problem) return
    this.#problems.set('database', { ...problem, message: `${problem.message} ${details}` })
    this.#notify()
  }

  /** Reports that a part was written. That ends a problem, unless it is one that a restart has to end. */
  recover(part: StoragePart): void {
    const known = this.#problems.get(part)
    if (!known || isLasting(known)) return
    this.#problems.delete(part)
    if (this.#problems.size === 0 && this.#isEndUnlogged) {
      this.#isEndUnlogged = false
      this.#options.log.info({}, 'The storage works again.')
    }
    this.#notify()
  }

  /** Reports that what was damaged has been derived again. Other damage is reported when it is met. */
  endDamage(part: StoragePart): void {
    if (this.#problems.get(part)?.kind !== 'CORRUPT') return
    this.#problems.delete(part)
    this.#notify()
  }

  /** Ends the probes. */
  close(): void {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #log(kind: StorageProblemKind, error: unknown): void {
    const now = performance.now()
    if (now - (this.#lastLoggedAt.get(kind) ?? Number.NEGATIVE_INFINITY) < logIntervalMs) return
    this.#lastLoggedAt.set(kind, now)
    this.#isEndUnlogged = true
    this.#options.log.error({ err: error }, describeStorageProblem(kind))
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }

  #scheduleProbe(): void {
    if (this.#timer || this.#isClosed) return
    const probeIntervalMs = this.#options.probeIntervalMs ?? defaultProbeIntervalMs
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#runProbes()
    }, probeIntervalMs).unref()
  }

  async #runProbes(): Promise<void> {
    for (const [part, problem] of [...this.#problems]) if (!isLasting(problem)) await this.#runProbe(part)
    if ([...this.#problems.values()].some((problem) => !isLasting(problem))) this.#scheduleProbe()
  }

  async #runProbe(part: StoragePart): Promise<void> {
    try {
      await this.#probes.get(part)?.()
      this.recover(part)
    } catch (error) {
      this.report(part, error)
    }
  }
}

/** A problem gives way to a worse one. Nothing that is found out about a file that was replaced says anything of the right one. */
function severity(kind: StorageProblemKind): number {
  return ['CORRUPT', 'REPLACED', 'HOME_LOST'].indexOf(kind) + 1
}

/** Whether a problem lasts until the server is restarted. */
function isLasting({ kind }: StorageProblem): boolean {
  return severity(kind) > 0
}
