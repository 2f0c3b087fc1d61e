import { Thread } from '../lib/worker-client.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import type { WorkerEvents, WorkerFunctions, WorkerOptions } from './search-worker.ts'
import { Turns } from '../lib/concurrency-limiter.ts'

export interface SearchesOptions extends Omit<WorkerOptions, 'statements'> {
  /** Sees every statement that runs, its values filled in, before the answer of the search that ran it. */
  readonly onStatement?: (file: 'segue' | 'hermes', sql: string) => void
}

const mostAtOnce = 4
const mostWaiting = 100
const nothing: SearchPage = { hits: [], reached: null }

/**
 * The searches of a profile, over all that is kept here and in Hermes. They run in a thread of their own, started by the
 * first one, so that nobody waits for them but who asked.
 */
export class Searches {
  readonly #thread: Thread<WorkerFunctions, WorkerEvents>
  readonly #turns = new Turns(mostAtOnce, mostWaiting)
  readonly #closing = new AbortController()
  #lastId = 0

  constructor({ onStatement, ...options }: SearchesOptions) {
    const data: WorkerOptions = { ...options, statements: onStatement !== undefined }
    this.#thread = new Thread({
      entry: new URL('./search-worker.ts', import.meta.url),
      data,
      events: { statement: (file, sql) => onStatement?.(file, sql) },
    })
  }

  /**
   * A page of what is found. Four searches run at once, more wait, and of more than a hundred that wait one is refused
   * with RATE_LIMITED. When the signal is aborted, or everything closed, it stops and answers with nothing. Rejects when
   * the thread dies; the next search starts another.
   */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    // By hand: what AbortSignal.any makes of a signal that lives for long outlasts the search, and is work for the collector.
    const stopping = new AbortController()
    const stop = (): void => stopping.abort()
    const signals = [signal, this.#closing.signal]
    for (const each of signals) each.addEventListener('abort', stop)
    if (signals.some(({ aborted }) => aborted)) stop()
    try {
      return (await this.#turns.run(() => this.#find(request, stopping.signal), stopping.signal)) ?? nothing
    } finally {
      for (const each of signals) each.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#thread.close()
  }

  async #find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage | null> {
    const id = (this.#lastId += 1)
    try {
      return await this.#thread.call(async (functions) => {
        const stop = (): void => void functions.stop.asEvent(id)
        signal.addEventListener('abort', stop)
        return functions.find(id, request).finally(() => signal.removeEventListener('abort', stop))
      })
    } catch (error) {
      if (this.#thread.closed) return null
      throw error
    }
  }
}
