import { z } from 'zod'
import { type ChaosClient, ignoreRefusal } from './chaos-client.ts'
import type { CancelledState } from './invariant-checker.ts'
import * as operations from './operations.ts'
import { InvariantViolation } from './reader.ts'
import type { SeededRandom } from './seeded-random.ts'

const schema = z.object({
  cancelStream: z.object({ lastSeq: z.int(), message: z.object({ digest: z.string() }).nullable() }),
})

/** Cancels streams, and remembers what the servers have returned. */
export class Cancels {
  readonly #client: ChaosClient
  readonly #random: SeededRandom
  readonly #durationsMs: number[] = []
  readonly #results = new Map<string, CancelledState>()

  constructor(client: ChaosClient, random: SeededRandom) {
    this.#client = client
    this.#random = random
  }

  get count(): number {
    return this.#durationsMs.length
  }

  /** How long they took. */
  get durationMs(): { readonly max: number; readonly p99: number } {
    const times = this.#durationsMs.toSorted((a, b) => a - b)
    return { max: times.at(-1) ?? 0, p99: times[Math.ceil(times.length * 0.99) - 1] ?? 0 }
  }

  /** The saved state that the cancels of a stream have returned. */
  find(streamId: string): CancelledState | undefined {
    return this.#results.get(streamId)
  }

  /** Cancels a stream once, or twice at the same moment. Throws `InvariantViolation` if the results differ. */
  async cancel(id: string): Promise<void> {
    const startedAt = performance.now()
    const cancel = () => this.#client.ask(operations.cancelMutation, { id }, schema).catch(ignoreErrors)
    const responses = await Promise.all(Array.from({ length: this.#random.between(1, 2) }, cancel))
    this.#durationsMs.push(performance.now() - startedAt)
    for (const response of responses) {
      if (!response) continue
      const { lastSeq, message } = response.cancelStream
      const result = { lastSeq, digest: message?.digest ?? null }
      const before = this.#results.get(id)
      if (before && (before.lastSeq !== result.lastSeq || before.digest !== result.digest)) {
        throw new InvariantViolation(
          `Stream ${id}: cancel returned ${JSON.stringify(result)} after ${JSON.stringify(before)}.`,
        )
      }
      this.#results.set(id, result)
    }
  }
}

const ignoreErrors = (error: unknown): null => ignoreRefusal(error)
