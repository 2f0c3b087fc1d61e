import { MCPClientError } from '@ai-sdk/mcp'
import type { Json } from '../../lib/text/json.ts'
import { type JsonObject, ToolError } from '../tools/tool.ts'
import { toolResultToJson } from './tool-result-to-json.ts'
import type { McpConnection } from './transport/mcp-connection.ts'
import { type FailureReason, formatFailure } from './transport/failure-reason.ts'
import { connectionClosedCode } from './transport/json-rpc.ts'
import { NotExecutedError } from './transport/mcp-error.ts'
import { toFailureReason } from './transport/to-failure-reason.ts'

export interface ToolInvocation {
  /** The name that the server has for the tool. */
  readonly name: string
  readonly input: JsonObject
  readonly signal: AbortSignal
}

/**
 * Calls a tool, without a time limit. Rejects with a ToolError, or with a NotExecutedError if the call had no effect. If
 * the signal aborts, rejects with its reason at once, and tells the server.
 */
export async function callTool(connection: McpConnection, { name, input, signal }: ToolInvocation): Promise<Json> {
  signal.throwIfAborted()
  // A signal for this call alone: the transports keep listening to it after the call has ended.
  const callAbort = new AbortController()
  const abort = (): void => callAbort.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const result = await connection.client
    .callTool({ name, arguments: input, options: { signal: callAbort.signal } })
    .catch((error: unknown) => {
      signal.throwIfAborted()
      throw toCallError(error, connection.closeReason)
    })
    .finally(() => signal.removeEventListener('abort', abort))
  return toolResultToJson(result)
}

function toCallError(error: unknown, closeReason: FailureReason | null): Error {
  if (error instanceof NotExecutedError) return error
  if (closeReason !== null) return createDisconnectedError(closeReason)
  if (!MCPClientError.isInstance(error) || error.code === connectionClosedCode)
    return createDisconnectedError(toFailureReason(error))
  if (error.code !== undefined) return new ToolError(error.message)
  if (error.statusCode !== undefined) return new ToolError(formatFailure(toFailureReason(error)))
  // With a cause, the response could not be parsed.
  return new ToolError(error.cause ? 'The MCP server responded with an invalid result.' : error.message)
}

function createDisconnectedError(reason: FailureReason): ToolError {
  return new ToolError(
    `The connection to the MCP server ended during the call, which may or may not have taken effect. ${formatFailure(reason)}`,
  )
}
