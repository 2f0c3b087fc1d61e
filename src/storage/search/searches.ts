import { Worker } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import type { BirpcReturn } from 'birpc'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import type { WorkerEvents, WorkerFunctions, WorkerOptions } from './search-worker.ts'
import { Turns } from './turns.ts'

export interface SearchesOptions extends Omit<WorkerOptions, 'statements'> {
  /** Sees every statement that runs, its values filled in, before the answer of the search that ran it. */
  readonly onStatement?: (file: 'segue' | 'hermes', sql: string) => void
}

interface Connection {
  readonly worker: Worker
  readonly functions: BirpcReturn<WorkerFunctions, WorkerEvents>
}

const mostAtOnce = 4
const mostWaiting = 100
const nothing: SearchPage = { hits: [], reached: null }

/**
 * The searches of a profile, over all that is kept here and in Hermes. They run in a thread of their own, started by the
 * first one, so that nobody waits for them but who asked.
 */
export class Searches {
  readonly #options: SearchesOptions
  readonly #turns = new Turns(mostAtOnce, mostWaiting)
  readonly #closing = new AbortController()
  #connection: Connection | null = null
  #lastId = 0

  constructor(options: SearchesOptions) {
    this.#options = options
  }

  /**
   * A page of what is found. Four searches run at once, more wait, and of more than a hundred that wait one is refused
   * with RATE_LIMITED. When the signal is aborted, or everything closed, it stops and answers with nothing. Rejects when
   * the thread dies; the next search starts another.
   */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const stopped = AbortSignal.any([signal, this.#closing.signal])
    return (await this.#turns.run(() => this.#find(request, stopped), stopped)) ?? nothing
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#connection?.worker.terminate()
  }

  async #find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage | null> {
    this.#connection ??= this.#connect()
    const { functions } = this.#connection
    const id = (this.#lastId += 1)
    const stop = (): void => void functions.stop.asEvent(id)
    signal.addEventListener('abort', stop)
    try {
      return await functions.find(id, request)
    } catch (error) {
      if (this.#closing.signal.aborted) return null
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #connect(): Connection {
    const { onStatement, ...options } = this.#options
    const workerData: WorkerOptions = { ...options, statements: onStatement !== undefined }
    const worker = new Worker(new URL('./search-worker.ts', import.meta.url), { workerData })
    const functions = createBirpc<WorkerFunctions, WorkerEvents>(
      { statement: (file, sql) => onStatement?.(file, sql) },
      {
        bind: 'functions',
        post: (message) => worker.postMessage(message),
        on: (listener) => worker.on('message', listener),
        off: (listener) => worker.off('message', listener),
        // Each is bounded where it runs.
        timeout: -1,
      },
    )
    let reason: unknown = null
    worker.on('error', (error) => (reason = error))
    worker.on('exit', (code) => {
      this.#connection = null
      const cause = reason instanceof Error ? reason : new Error(`exit code ${code}`)
      functions.$close(new Error('The thread that searches has ended', { cause }))
    })
    return { worker, functions }
  }
}
