import { WorkerClient } from '../lib/worker-client.ts'
import type { Origin } from '../model/session.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import type { SearchWorkerEvents, SearchWorkerFunctions, SearchWorkerOptions } from './search-worker.ts'
import type { SearchSourceModule } from './search-source.ts'
import { ConcurrencyLimiter } from '../lib/concurrency-limiter.ts'
import { SegueError } from '../lib/errors.ts'

export interface SearchServiceOptions {
  readonly sources: readonly SearchSourceModule[]
  /** Sees every statement that runs, its values filled in, before the answer of the search that ran it. */
  readonly onStatement?: (origin: Origin, sql: string) => void
}

const maxConcurrent = 4
const maxQueued = 100
const emptyPage: SearchPage = { hits: [], searchedUpTo: null }

/**
 * The searches of a profile, over all that is kept here and in Hermes. They run in a thread of their own, started by the
 * first one, so that nobody waits for them but who asked.
 */
export class SearchService {
  readonly #worker: WorkerClient<SearchWorkerFunctions, SearchWorkerEvents>
  readonly #limiter = new ConcurrencyLimiter({
    maxConcurrent,
    maxQueued,
    createRejection: () => new SegueError('RATE_LIMITED', 'Too many searches are waiting. Try again later.'),
  })
  readonly #closing = new AbortController()
  #lastId = 0

  constructor({ onStatement, sources }: SearchServiceOptions) {
    const data: SearchWorkerOptions = { sources, reportStatements: onStatement !== undefined }
    this.#worker = new WorkerClient({
      url: new URL('./search-worker.ts', import.meta.url),
      workerData: data,
      events: { statement: (origin, sql) => onStatement?.(origin, sql) },
    })
  }

  /**
   * A page of what is found. Four searches run at once, more wait, and of more than a hundred that wait one is refused
   * with RATE_LIMITED. When the signal is aborted, or everything closed, it stops and answers with nothing. Rejects when
   * the thread dies; the next search starts another.
   */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    // By hand: what AbortSignal.any makes of a signal that lives for long outlasts the search, and is work for the collector.
    const abortController = new AbortController()
    const abort = (): void => abortController.abort()
    const signals = [signal, this.#closing.signal]
    for (const each of signals) each.addEventListener('abort', abort)
    if (signals.some(({ aborted }) => aborted)) abort()
    try {
      return (
        (await this.#limiter.run(() => this.#callWorker(request, abortController.signal), abortController.signal)) ??
        emptyPage
      )
    } finally {
      for (const each of signals) each.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#worker.close()
  }

  async #callWorker(request: SearchRequest, signal: AbortSignal): Promise<SearchPage | null> {
    const id = (this.#lastId += 1)
    try {
      return await this.#worker.call(async (functions) => {
        const cancel = (): void => void functions.cancel.asEvent(id)
        signal.addEventListener('abort', cancel)
        return functions.find(id, request).finally(() => signal.removeEventListener('abort', cancel))
      })
    } catch (error) {
      if (this.#worker.isClosed) return null
      throw error
    }
  }
}
