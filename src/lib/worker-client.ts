import { Worker } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'

export interface WorkerClientOptions<Events> {
  /** The module that the thread runs. */
  readonly url: URL
  /** Passed to the module when the thread starts. */
  readonly workerData: unknown
  /** Functions that the thread may call at any time. */
  readonly events: Events
  /** Called when the thread exits without having been closed. */
  readonly onExit?: (reason: string) => void
}

interface WorkerConnection<Functions extends object, Events extends object> {
  readonly worker: Worker
  readonly functions: BirpcReturn<Functions, Events>
}

/** Calls functions in a worker thread. The first call starts the thread, and so does the first call after it has died. */
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

  /** Calls a function in the thread. Rejects if the thread dies before it answers, or the client is closed. */
  async call<T>(invoke: (functions: BirpcReturn<Functions, Events>) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error('The worker thread is closed.')
    this.#connection ??= this.#connect()
    return invoke(this.#connection.functions)
  }

  /** Stops the thread immediately. Pending calls reject. */
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
      // No timeout: the called functions limit how long they take.
      timeout: -1,
    })
    let cause: unknown = null
    worker.on('error', (error) => (cause = error))
    worker.on('exit', (code) => {
      this.#connection = null
      functions.$close(new Error('The worker thread has exited.', { cause: cause ?? `exit code ${code}` }))
      if (!this.#isClosed) onExit?.(cause instanceof Error ? cause.message : `exit code ${code}`)
    })
    return { worker, functions }
  }
}
