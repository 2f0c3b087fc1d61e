import { Worker } from 'node:worker_threads'
import type { DatabaseFiles } from './database-files.ts'
import type { WalCheckpointWorkerData } from './wal-checkpoint-worker.ts'

/**
 * Checkpoints the WAL of a database in a worker thread. A commit that checkpoints waits some tens of milliseconds for the
 * disk. The first request starts the thread.
 */
export class WalCheckpointer {
  readonly #databasePath: string
  #worker: Worker | null = null
  #isClosed = false

  constructor(path: string) {
    this.#databasePath = path
  }

  /** Does not wait for the checkpoint. Nothing is done if the files are not those any more. */
  request(files: Pick<DatabaseFiles, 'identity'>): void {
    if (this.#isClosed) return
    this.#worker ??= this.#start()
    this.#worker.postMessage(files.identity)
  }

  /** Interrupts a checkpoint, which is harmless. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const workerData: WalCheckpointWorkerData = this.#databasePath
    const worker = new Worker(new URL('./wal-checkpoint-worker.ts', import.meta.url), { workerData })
    worker.unref()
    // Without checkpoints of this thread, a commit checkpoints once the WAL is very large.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null
    })
    return worker
  }
}
