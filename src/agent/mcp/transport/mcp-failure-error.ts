import { type McpFailureReason, formatMcpFailure } from './mcp-failure-reason.ts'

/** An error with a structured reason. The message may contain secrets. */
export class McpFailureError extends Error {
  override readonly name: string = 'McpError'
  readonly reason: McpFailureReason

  constructor(reason: McpFailureReason, options?: ErrorOptions) {
    super(formatMcpFailure(reason), options)
    this.reason = reason
  }
}

/** A request had no effect: it did not reach the server, or the server rejected it without looking at it. */
export class McpNotExecutedError extends McpFailureError {
  override readonly name = 'McpNotExecutedError'
}

/** A server could not be started or reached. */
export class McpConnectionError extends McpFailureError {
  override readonly name = 'McpConnectionError'
  /** The latest output of the program that is not a message. It may contain secrets. */
  readonly output: string

  constructor(reason: McpFailureReason, { output = '', ...options }: ErrorOptions & { readonly output?: string } = {}) {
    super(reason, options)
    this.output = output
  }
}
