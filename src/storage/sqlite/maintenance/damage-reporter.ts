import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { Logger } from '../../../lib/logger.ts'
import type { StorageHealth } from '../../health/storage-health.ts'
import type { FindDamageWorkerData } from './find-damage-worker.ts'

export interface DamageReporterOptions {
  /** The path of the database. */
  readonly path: string
  readonly health: StorageHealth
  readonly log: Logger
}

const damageSchema = z.array(z.string())

/**
 * Finds out which pages of a database are damaged, once a read or a write has met damage, and tells the health and the log.
 * The check reads the whole file, in a thread of its own.
 */
export class DamageReporter {
  readonly #options: DamageReporterOptions
  #worker: Worker | null = null

  constructor(options: DamageReporterOptions) {
    this.#options = options
    options.health.onChange(() => {
      if (options.health.problem?.kind === 'CORRUPT') this.#worker ??= this.#start()
    })
  }

  /** Ends a check that is running. */
  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const { path, health, log } = this.#options
    const workerData: FindDamageWorkerData = path
    const worker = new Worker(new URL('./find-damage-worker.ts', import.meta.url), { workerData })
    worker.unref()
    worker.on('error', (error) => log.warn({ err: error }, 'The damaged database could not be checked.'))
    worker.on('message', (message: unknown) => {
      // The search index may have been rebuilt meanwhile.
      if (health.problem?.kind !== 'CORRUPT') return
      const damage = damageSchema.parse(message)
      log.error({ path, damage }, 'The database is damaged. Stop the server and run segue doctor.')
      const [first] = damage
      if (first !== undefined) health.describe(`Damage: ${first}.`)
    })
    return worker
  }
}
