import { type ResourceLimits, Worker } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'
import { hasSqlStatementSubscribers } from '../sql-channel.ts'
import type { WorkerStart } from './worker-server.ts'

export interface WorkerClientOptions<Events> {
  /** The module that runs in the worker. It calls `serveWorkerFunctions`. */
  readonly url: URL
  /** What `readWorkerOptions` returns in the worker; structured-cloneable. */
  readonly options: unknown
  /** Called with what the worker sends at any time. */
  readonly events: Events
  /** Of the memory of the worker's JavaScript. A worker that exceeds one exits. */
  readonly resourceLimits?: ResourceLimits
  /** Drops what libraries print in the worker. Otherwise, it becomes output of the process. */
  readonly isSilent?: boolean
  /** Called if the worker exits although nobody has closed it. */
  readonly onExit?: (reason: string) => void
}

/** The worker thread has exited or was closed before it could answer. */
export class WorkerExitedError extends Error {
  override readonly name = 'WorkerExitedError'
}

interface WorkerConnection<Functions extends object, Events extends object> {
  readonly worker: Worker
  readonly functions: BirpcReturn<Functions, Events>
}

/** Calls functions in a worker thread. The first call starts the worker, and so does the first call after its exit. */
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

  /** Rejects with WorkerExitedError if the worker exits before it answers, and after `close`. */
  async call<T>(invoke: (functions: BirpcReturn<Functions, Events>) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new WorkerExitedError('The worker thread is closed.')
    this.#connection ??= this.#connect()
    return invoke(this.#connection.functions)
  }

  /** Terminates the worker, whatever it is doing. Pending calls reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connection?.worker.terminate()
  }

  #connect(): WorkerConnection<Functions, Events> {
    const { url, options, events, onExit, resourceLimits = {}, isSilent = false } = this.#options
    const workerData: WorkerStart = { options, reportStatements: hasSqlStatementSubscribers() }
    const worker = new Worker(url, { workerData, resourceLimits, stdout: isSilent, stderr: isSilent })
    if (isSilent) for (const output of [worker.stdout, worker.stderr]) output.resume()
    const functions = createBirpc<Functions, Events>(events, {
      bind: 'functions',
      post: (message) => worker.postMessage(message),
      on: (listener) => worker.on('message', listener),
      off: (listener) => worker.off('message', listener),
      // No timeout: the functions limit their own time, and a late answer is still an answer.
      timeout: -1,
    })
    let cause: unknown = null
    worker.on('error', (error) => (cause = error))
    worker.on('exit', (code) => {
      cause ??= `exit code ${code}`
      this.#connection = null
      functions.$close(new WorkerExitedError('The worker thread has exited.', { cause }))
      if (!this.#isClosed) onExit?.(cause instanceof Error ? cause.message : String(cause))
    })
    return { worker, functions }
  }
}
