import { SegueError } from '../lib/errors.ts'
import { noTelemetry, type Telemetry } from '../lib/telemetry/telemetry.ts'
import { publishSqlStatement } from '../lib/sql-channel.ts'
import { WorkerClient } from '../lib/worker/worker-client.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import { createSearchLimiter } from './search-limiter.ts'
import type { SearchSourceModule } from './search-source.ts'
import type { SearchWorkerEvents, SearchWorkerFunctions, SearchWorkerOptions } from './search-worker.ts'

const damagedMessage =
  'The search index is damaged, and is built again now. If it stays damaged, stop Segue and run `segue doctor --fix`.'
const emptyPage: SearchPage = { hits: [], searchedUpTo: null }

export interface SearchServiceOptions {
  readonly sources: readonly SearchSourceModule[]
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry
  /** Called when a search has met a damaged index, with the time of its start by `performance.now()`. */
  readonly onIndexDamaged?: (startedAt: number) => void
}

/** Searches the sources of a profile in a worker that the first search starts. */
export class SearchService {
  readonly #worker: WorkerClient<SearchWorkerFunctions, SearchWorkerEvents>
  readonly #limiter = createSearchLimiter()
  readonly #closing = new AbortController()
  readonly #telemetry: Telemetry
  /** The ids of searches that have met a damaged index. */
  readonly #damaged = new Set<number>()
  readonly #onIndexDamaged: (startedAt: number) => void
  readonly #stopWatching: () => void
  #lastId = 0

  constructor({ sources, telemetry = noTelemetry, onIndexDamaged = () => undefined }: SearchServiceOptions) {
    this.#telemetry = telemetry
    this.#onIndexDamaged = onIndexDamaged
    this.#stopWatching = telemetry.watch('queueLength', 'searches', () => this.#limiter.queuedCount)
    const options: SearchWorkerOptions = { sources }
    this.#worker = new WorkerClient({
      url: new URL('./search-worker.ts', import.meta.url),
      options,
      events: { statement: publishSqlStatement, indexDamaged: (id) => void this.#damaged.add(id) },
    })
  }

  /**
   * Loads a page of hits. Four searches run at the same time, up to a hundred wait; further ones reject with RATE_LIMITED.
   * Resolves to an empty page if the signal is aborted or the service is closed. Rejects with STORAGE if an index is damaged,
   * and if the worker exits; the next search starts another one.
   */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    // Not AbortSignal.any: what it adds to a long-lived signal stays there until garbage collection.
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    const signals = [signal, this.#closing.signal]
    for (const each of signals) each.addEventListener('abort', abort)
    if (signals.some(({ aborted }) => aborted)) abort()
    const startedAt = performance.now()
    try {
      const page = await this.#limiter.run(() => this.#callWorker(request, controller.signal), controller.signal)
      return page ?? emptyPage
    } finally {
      this.#telemetry.recordSearch(performance.now() - startedAt)
      for (const each of signals) each.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#stopWatching()
    await this.#worker.close()
  }

  /** Null if the search was cancelled. */
  async #callWorker(request: SearchRequest, signal: AbortSignal): Promise<SearchPage | null> {
    const id = (this.#lastId += 1)
    const startedAt = performance.now()
    try {
      return await this.#worker.call(async (functions) => {
        const cancel = (): void => void functions.cancel.asEvent(id)
        signal.addEventListener('abort', cancel)
        return functions.find(id, request).finally(() => signal.removeEventListener('abort', cancel))
      })
    } catch (error) {
      if (this.#worker.isClosed) return null
      if (this.#damaged.delete(id)) {
        this.#onIndexDamaged(startedAt)
        throw new SegueError('STORAGE', damagedMessage)
      }
      throw error
    }
  }
}
