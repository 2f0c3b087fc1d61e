import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'

export interface IdleGarbageCollectorOptions {
  /** Whether something is in progress that a pause would delay. */
  readonly isBusy: () => boolean
  /** How long the event loop has worked since the start of the process, in milliseconds. */
  readonly readActiveMs?: () => number
  /** How much memory is held, in bytes. Default: what the process holds. */
  readonly readHeldBytes?: () => number
  readonly collect?: () => Promise<void>
}

const checkIntervalMs = 5_000
/** The event loop is idle if it has worked no longer than this between two checks. */
const maxIdleMs = 100
/**
 * A process that has grown by less since its start or last collection is left alone. A collection has its price: V8 drops the
 * compiled code that refers to objects which are gone, such as those of closed connections, so that the next 10,000 requests take
 * up to twice the time.
 */
const toleratedGrowth = 1.5

/**
 * Collects all garbage once the process is idle after a burst of work, or after its start if it has done nothing else, and gives its
 * memory back to the system. V8 collects only when a program allocates, so that an idle one would keep what a burst has left,
 * buffers outside of the heap included.
 */
export class IdleGarbageCollector {
  readonly #options: Required<IdleGarbageCollectorOptions>
  #lastActiveMs: number
  /** The least memory that the process has held since its start or last collection, in bytes. */
  #leastBytes: number
  /** Whether the process has done nothing but start: there is no compiled code to lose. */
  #hasOnlyStarted = true
  #timer: NodeJS.Timeout | null = null

  constructor({
    isBusy,
    readActiveMs = () => performance.eventLoopUtilization().active,
    readHeldBytes = () => process.memoryUsage.rss(),
    collect = collectAllGarbage,
  }: IdleGarbageCollectorOptions) {
    this.#options = { isBusy, readActiveMs, readHeldBytes, collect }
    this.#lastActiveMs = readActiveMs()
    this.#leastBytes = readHeldBytes()
  }

  /** Checks every five seconds from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.check(), checkIntervalMs).unref()
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /** Collects if the process has not worked since the last check, and has grown. */
  async check(): Promise<void> {
    const { isBusy, readActiveMs, readHeldBytes, collect } = this.#options
    const activeMs = readActiveMs()
    const isIdle = activeMs - this.#lastActiveMs <= maxIdleMs
    this.#lastActiveMs = activeMs
    this.#hasOnlyStarted &&= isIdle
    const heldBytes = readHeldBytes()
    this.#leastBytes = Math.min(this.#leastBytes, heldBytes)
    const isWorthIt = this.#hasOnlyStarted || heldBytes > this.#leastBytes * toleratedGrowth
    if (!isIdle || isBusy() || !isWorthIt) return
    await collect()
    // Its own work is no burst.
    this.#lastActiveMs = readActiveMs()
    this.#leastBytes = readHeldBytes()
    this.#hasOnlyStarted = false
  }
}

/** Collects the garbage of the calling thread, which has a heap of its own, while the thread is idle. */
export function collectGarbageOfIdleThread(): void {
  const readHeldBytes = (): number => {
    const { total_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics()
    return heapBytes + externalBytes
  }
  new IdleGarbageCollector({ isBusy: () => false, readHeldBytes }).start()
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
