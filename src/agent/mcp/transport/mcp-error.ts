import { type FailureReason, formatFailure } from './failure-reason.ts'

/** An error with a structured reason. The message may contain secrets. */
export class McpError extends Error {
  override readonly name: string = 'McpError'
  readonly reason: FailureReason

  constructor(reason: FailureReason, options?: ErrorOptions) {
    super(formatFailure(reason), options)
    this.reason = reason
  }
}

/** A request had no effect: it did not reach the server, or the server rejected it without looking at it. */
export class NotExecutedError extends McpError {
  override readonly name = 'NotExecutedError'
}

/** A server could not be started or reached. */
export class ConnectionError extends McpError {
  override readonly name = 'ConnectionError'
  /** The latest output of the program that is not a message. It may contain secrets. */
  readonly output: string

  constructor(reason: FailureReason, { output = '', ...options }: ErrorOptions & { readonly output?: string } = {}) {
    super(reason, options)
    this.output = output
  }
}
