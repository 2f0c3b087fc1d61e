import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'

export interface IdleGarbageCollectorOptions {
  /** Whether something is in progress that a pause would delay. */
  readonly isBusy: () => boolean
  /** How long the event loop has worked since the start of the process, in milliseconds. */
  readonly readActiveMs?: () => number
  /** How much memory the process holds, in bytes. */
  readonly readResidentBytes?: () => number
  readonly collect?: () => Promise<void>
}

const checkIntervalMs = 5_000
/** The event loop is idle if it has worked no longer than this between two checks. */
const maxIdleMs = 100
/**
 * A process that has grown by less since its last collection is left alone. A collection has its price: V8 drops the compiled code
 * that refers to objects which are gone, such as those of closed connections, so that the next 10,000 requests take up to twice
 * the time.
 */
const toleratedGrowth = 1.5

/**
 * Collects all garbage once the process is idle after its start or a burst of work, and gives its memory back to the system. V8
 * collects only when a program allocates, so that an idle one would keep what a burst has left, buffers outside of the heap
 * included.
 */
export class IdleGarbageCollector {
  readonly #options: Required<IdleGarbageCollectorOptions>
  #lastActiveMs: number
  /** The least memory that the process has held since its last collection, in bytes. Null before the first one. */
  #leastBytes: number | null = null
  #timer: NodeJS.Timeout | null = null

  constructor({
    isBusy,
    readActiveMs = () => performance.eventLoopUtilization().active,
    readResidentBytes = () => process.memoryUsage.rss(),
    collect = collectAllGarbage,
  }: IdleGarbageCollectorOptions) {
    this.#options = { isBusy, readActiveMs, readResidentBytes, collect }
    this.#lastActiveMs = readActiveMs()
  }

  /** Checks every five seconds from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.check(), checkIntervalMs).unref()
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /** Collects if the process has not worked since the last check, and has grown since the last collection. */
  async check(): Promise<void> {
    const { isBusy, readActiveMs, readResidentBytes, collect } = this.#options
    const activeMs = readActiveMs()
    const sinceLastCheck = activeMs - this.#lastActiveMs
    this.#lastActiveMs = activeMs
    if (sinceLastCheck > maxIdleMs || isBusy() || !this.#hasGrown(readResidentBytes())) return
    await collect()
    // Its own work is no burst.
    this.#lastActiveMs = readActiveMs()
    this.#leastBytes = readResidentBytes()
  }

  /** A start leaves as much as a burst. */
  #hasGrown(residentBytes: number): boolean {
    if (this.#leastBytes === null) return true
    this.#leastBytes = Math.min(this.#leastBytes, residentBytes)
    return residentBytes > this.#leastBytes * toleratedGrowth
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
