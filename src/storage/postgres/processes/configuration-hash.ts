import { setTimeout as delay } from 'node:timers/promises'

/** A renewal of a lease does not wait longer for the disk of the home. */
const maxWaitMs = 500

/** The latest hash of what a process is configured with. */
export class ConfigurationHash {
  readonly #compute: () => Promise<string>
  readonly #onError: (error: unknown) => void
  #latest: string | null = null
  #computing: Promise<void> | null = null

  constructor(compute: () => Promise<string>, onError: (error: unknown) => void) {
    this.#compute = compute
    this.#onError = onError
  }

  /** Computes it again. Resolves to the one before if that takes too long, as when a mount hangs, or fails; null: there is none. */
  async read(): Promise<string | null> {
    this.#computing ??= this.#update()
    await Promise.race([this.#computing, delay(maxWaitMs, undefined, { ref: false })])
    return this.#latest
  }

  async #update(): Promise<void> {
    try {
      this.#latest = await this.#compute()
    } catch (error) {
      this.#onError(error)
    }
    this.#computing = null
  }
}
