import type { GraphQLError } from 'graphql'
import { createGraphQLError } from '../graphql-errors.ts'

/**
 * Ends a query that takes too long, or whose client disconnects. Dispose of it when the query has ended. The time counts
 * from when `signal` or `ended` is first asked for: a query that has its result at once needs neither.
 */
export class QueryTimeout implements Disposable {
  readonly #seconds: number
  readonly #disconnected: AbortSignal
  #controller: AbortController | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #abort = (): void => this.#controller?.abort()

  constructor(seconds: number, disconnected: AbortSignal) {
    this.#seconds = seconds
    this.#disconnected = disconnected
  }

  /** Aborted when the query must end. */
  get signal(): AbortSignal {
    return (this.#controller ?? this.#start()).signal
  }

  /** The error of a query that was ended. */
  createError(): GraphQLError {
    const message = `The query took longer than ${this.#seconds} seconds. Ask for less, for example for smaller pages.`
    return createGraphQLError('TIMEOUT', message)
  }

  [Symbol.dispose](): void {
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#disconnected.removeEventListener('abort', this.#abort)
  }

  #start(): AbortController {
    const controller = (this.#controller = new AbortController())
    this.#timer = setTimeout(this.#abort, this.#seconds * 1000)
    this.#disconnected.addEventListener('abort', this.#abort)
    if (this.#disconnected.aborted) this.#abort()
    return controller
  }
}
