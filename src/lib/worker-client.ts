import { Worker } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'

export interface ThreadOptions<Events> {
  /** The module that runs in it. */
  readonly entry: URL
  /** What that is started with. */
  readonly data: unknown
  /** What it can tell at any time. */
  readonly events: Events
  /** It has died, though nobody has closed it. */
  readonly onDeath?: (reason: string) => void
}

interface Connection<Functions extends object, Events extends object> {
  readonly worker: Worker
  readonly functions: BirpcReturn<Functions, Events>
}

/** A thread of its own in which functions can be called. The first call starts it, as does the next one after its death. */
export class Thread<Functions extends object, Events extends object> {
  readonly #options: ThreadOptions<Events>
  #connection: Connection<Functions, Events> | null = null
  #closed = false

  constructor(options: ThreadOptions<Events>) {
    this.#options = options
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Rejects when the thread dies meanwhile, and once it is closed. */
  async call<T>(question: (functions: BirpcReturn<Functions, Events>) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('The thread was closed')
    this.#connection ??= this.#connect()
    return question(this.#connection.functions)
  }

  /** Ends it whatever it does; calls that are under way reject. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#connection?.worker.terminate()
  }

  #connect(): Connection<Functions, Events> {
    const { entry, data, events, onDeath } = this.#options
    const worker = new Worker(entry, { workerData: data })
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
      if (!this.#closed) onDeath?.(cause instanceof Error ? cause.message : `exit code ${code}`)
    })
    return { worker, functions }
  }
}
