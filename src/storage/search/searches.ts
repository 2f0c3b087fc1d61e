import { Worker } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import type { BirpcReturn } from 'birpc'
import { SegueError } from '../../errors.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import type { WorkerEvents, WorkerFunctions, WorkerOptions } from './search-worker.ts'

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
  /** Those that wait, each woken by the end of another one. */
  readonly #waiting = new Set<() => void>()
  #connection: Connection | null = null
  #running = 0
  #lastId = 0
  #isClosed = false

  constructor(options: SearchesOptions) {
    this.#options = options
  }

  /**
   * A page of what is found. Four searches run at once, more wait, and of more than a hundred that wait one is refused
   * with RATE_LIMITED. When the signal is aborted, or everything closed, the search stops and answers with nothing.
   * Rejects when the thread dies; the next search starts another.
   */
  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    while (this.#running >= mostAtOnce && !signal.aborted && !this.#isClosed) await this.#turn(signal)
    if (signal.aborted || this.#isClosed) {
      this.#wakeNext()
      return nothing
    }
    this.#running += 1
    const id = (this.#lastId += 1)
    this.#connection ??= this.#connect()
    const { functions } = this.#connection
    const stop = (): void => void functions.stop.asEvent(id)
    signal.addEventListener('abort', stop)
    try {
      return (await functions.find(id, request)) ?? nothing
    } catch (error) {
      if (this.#isClosed) return nothing
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      this.#running -= 1
      this.#wakeNext()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const wake of this.#waiting) wake()
    await this.#connection?.worker.terminate()
  }

  /** Resolves when one of those that run has ended, or when nobody waits for the answer any more. */
  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= mostWaiting) {
      throw new SegueError('RATE_LIMITED', 'Too many searches at once. Try again later.')
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      this.#waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake)
    await promise
  }

  #wakeNext(): void {
    this.#waiting.values().next().value?.()
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
