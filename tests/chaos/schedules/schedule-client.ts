import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import { type ChaosClient, RequestRefusedError } from '../chaos-client.ts'
import { InvariantViolation } from '../reader.ts'

const timeoutMs = 60_000
const retryDelayMs = 15

/** A client that repeats what was not answered, with the same key, so that it knows of everything what became of it. */
export class ScheduleClient {
  readonly #client: ChaosClient
  readonly #keyPrefix: string
  #keys = 0

  /** The prefix tells the keys of this client from those of all others. */
  constructor(client: ChaosClient, keyPrefix: string) {
    this.#client = client
    this.#keyPrefix = keyPrefix
  }

  newKey(): string {
    this.#keys += 1
    return `${this.#keyPrefix} ${this.#keys}`
  }

  /** Repeats the request until the server answers it. Throws `RequestRefusedError`. */
  async ask<T>(query: string, variables: object, schema: z.ZodType<T>): Promise<T> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      try {
        return await this.#client.ask(query, variables, schema)
      } catch (error) {
        if (error instanceof RequestRefusedError) throw error
        if (performance.now() > deadline) throw new InvariantViolation(`A request was not answered: ${String(error)}`)
      }
      await delay(retryDelayMs)
    }
  }

  /** Sends a mutation. It may be refused with one of the given codes; any other is a violation. */
  async change<T>(
    query: string,
    variables: object,
    schema: z.ZodType<T>,
    refusals: readonly string[],
  ): Promise<Change<T>> {
    try {
      return { data: await this.ask(query, { ...variables, key: this.newKey() }, schema), refusal: null }
    } catch (error) {
      return { data: null, refusal: readRefusal(error, refusals) }
    }
  }
}

/** What became of a mutation: its data, or the code of the error. */
export type Change<T> = { readonly data: T; readonly refusal: null } | { readonly data: null; readonly refusal: string }

/** The code of the error. Any other code than the given ones is a violation. */
export function readRefusal(error: unknown, codes: readonly string[]): string {
  if (!(error instanceof RequestRefusedError)) throw error
  if (codes.includes(error.message)) return error.message
  throw new InvariantViolation(`The server responded with ${error.message}: ${error.reason}`)
}
