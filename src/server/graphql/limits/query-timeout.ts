import type { GraphQLError } from 'graphql'
import { createGraphQLError } from '../graphql-errors.ts'

/** Ends a query that takes too long, or whose client disconnects. Dispose of it when the query has ended. */
export class QueryTimeout implements Disposable {
  readonly #controller = new AbortController()
  readonly #seconds: number
  readonly #timer: NodeJS.Timeout
  readonly #disconnected: AbortSignal
  readonly #abort = (): void => this.#controller.abort()

  constructor(seconds: number, disconnected: AbortSignal) {
    this.#seconds = seconds
    this.#disconnected = disconnected
    this.#timer = setTimeout(this.#abort, seconds * 1000)
    disconnected.addEventListener('abort', this.#abort)
    if (disconnected.aborted) this.#abort()
  }

  /** Aborted when the query must end. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The error of a query that was ended. */
  createError(): GraphQLError {
    const message = `The query took longer than ${this.#seconds} seconds. Ask for less, for example for smaller pages.`
    return createGraphQLError('TIMEOUT', message)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#disconnected.removeEventListener('abort', this.#abort)
  }
}
