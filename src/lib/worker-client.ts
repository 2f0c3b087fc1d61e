import { Worker } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'

export interface WorkerClientOptions<Events> {
  /** The module that runs in it. */
  readonly url: URL
  /** What that is started with. */
  readonly workerData: unknown
  /** What it can tell at any time. */
  readonly events: Events
  /** It has died, though nobody has closed it. */
  readonly onExit?: (reason: string) => void
}

interface WorkerConnection<Functions extends object, Events extends object> {
  readonly worker: Worker
  readonly functions: BirpcReturn<Functions, Events>
}

/** A thread of its own in which functions can be called. The first call starts it, as does the next one after its death. */
export class WorkerClient<Functions extends object, Events extends object> {
  readonly #options: WorkerClientOptions<Events>
  #connection: WorkerConnection<Functions, Events> | null = null
  #isClosed = false

  constructor(options: WorkerClientOptions<Events>) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Rejects when the thread dies meanwhile, and once it is closed. */
  async call<T>(invoke: (functions: BirpcReturn<Functions, Events>) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error('The thread was closed')
    this.#connection ??= this.#connect()
    return invoke(this.#connection.functions)
  }

  /** Ends it whatever it does; calls that are under way reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connection?.worker.terminate()
  }

  #connect(): WorkerConnection<Functions, Events> {
    const { url, workerData, events, onExit } = this.#options
    const worker = new Worker(url, { workerData })
    const functions = createBirpc<Functions, Events>(events, {
      bind: 'functions',
      post: (message) => worker.postMessage(message),
      on: (listener) => worker.on('message', listener),
      off: (listener) => worker.off('message', listener),
      // Waiting is bounded where it happens; an answer that is late is still an answer.
      timeout: -1,
    })
    let cause: unknown = null
    worker.on('error', (error) => (cause = error))
    worker.on('exit', (code) => {
      this.#connection = null
      functions.$close(new Error('The thread has ended', { cause: cause ?? `exit code ${code}` }))
      if (!this.#isClosed) onExit?.(cause instanceof Error ? cause.message : `exit code ${code}`)
    })
    return { worker, functions }
  }
}
