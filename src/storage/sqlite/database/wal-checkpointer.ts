import { Worker } from 'node:worker_threads'
import type { CheckpointWorkerData } from './wal-checkpoint-worker.ts'

/**
 * Brings what was committed to a database from its WAL into the file, in a thread of its own: whoever commits would wait
 * for the disk otherwise, some tens of milliseconds each time, and oftener while others read. The first call starts the
 * thread.
 */
export class WalCheckpointer {
  readonly #databasePath: string
  #worker: Worker | null = null
  #isClosed = false

  constructor(path: string) {
    this.#databasePath = path
  }

  /** Returns at once. */
  request(): void {
    if (this.#isClosed) return
    this.#worker ??= this.#start()
    this.#worker.postMessage(null)
  }

  /** A checkpoint that is cut off has harmed nothing. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const workerData: CheckpointWorkerData = this.#databasePath
    const worker = new Worker(new URL('./wal-checkpoint-worker.ts', import.meta.url), { workerData })
    worker.unref()
    // Without it whoever commits does it, once there is very much: see the database.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null
    })
    return worker
  }
}
