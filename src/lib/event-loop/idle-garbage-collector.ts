import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'

export interface IdleGarbageCollectorOptions {
  /** Whether something is in progress that a pause would delay. */
  readonly isBusy: () => boolean
  /** How long the event loop has worked since the start of the process, in milliseconds. */
  readonly readActiveMs?: () => number
  readonly collect?: () => Promise<void>
}

const checkIntervalMs = 5_000
/** The event loop is idle if it has worked no longer than this between two checks. */
const maxIdleMs = 100
/** Work of this length leaves enough behind for a collection. */
const burstMs = 1_000

/**
 * Collects all garbage once the process is idle after a burst of work, and gives its memory back to the system. V8 collects
 * only when a program allocates, so that an idle one would keep what a burst has left, buffers outside of the heap included.
 */
export class IdleGarbageCollector {
  readonly #options: Required<IdleGarbageCollectorOptions>
  #lastActiveMs: number
  /** Since the last collection. A start leaves as much as a burst. */
  #workedMs = burstMs
  #timer: NodeJS.Timeout | null = null

  constructor({
    isBusy,
    readActiveMs = () => performance.eventLoopUtilization().active,
    collect = collectAllGarbage,
  }: IdleGarbageCollectorOptions) {
    this.#options = { isBusy, readActiveMs, collect }
    this.#lastActiveMs = readActiveMs()
  }

  /** Checks every five seconds from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.check(), checkIntervalMs).unref()
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /** Collects if the process has worked since the last collection, and not since the last check. */
  async check(): Promise<void> {
    const activeMs = this.#options.readActiveMs()
    const sinceLastCheck = activeMs - this.#lastActiveMs
    this.#lastActiveMs = activeMs
    this.#workedMs += sinceLastCheck
    if (sinceLastCheck > maxIdleMs || this.#workedMs < burstMs || this.#options.isBusy()) return
    await this.#options.collect()
    // Its own work is no burst.
    this.#lastActiveMs = this.#options.readActiveMs()
    this.#workedMs = 0
  }
}

const gcSchema = z.custom<NodeJS.GCFunction>((value) => typeof value === 'function')
let gc: NodeJS.GCFunction | null = null

/** Collects all garbage, from a task of its own. */
export async function collectAllGarbage(): Promise<void> {
  if (!gc) {
    // The flag has an effect on contexts that are created later.
    setFlagsFromString('--expose-gc')
    gc = gcSchema.parse(runInNewContext('gc'))
  }
  await gc({ type: 'major', execution: 'async', flavor: 'last-resort' })
}
