import { MCPClientError } from '@ai-sdk/mcp'
import { type Json, toRawJson } from '../../lib/text/json.ts'
import { type JsonObject, type ToolExecutionContext, ToolError } from '../tools/tool.ts'
import { mcpResultToJson } from './mcp-result-to-json.ts'
import type { McpConnection } from './transport/mcp-connection.ts'
import { type McpFailureReason, formatMcpFailure } from './transport/mcp-failure-reason.ts'
import { mcpConnectionClosedCode } from './transport/json-rpc.ts'
import { McpNotExecutedError } from './transport/mcp-error.ts'
import { toMcpFailureReason } from './transport/to-mcp-failure-reason.ts'

export interface McpToolInvocation extends ToolExecutionContext {
  /** The name that the server has for the tool. */
  readonly name: string
  readonly input: JsonObject
}

/**
 * Calls a tool, without a time limit. Rejects with a ToolError, or with a McpNotExecutedError if the call had no effect. If
 * the signal aborts, rejects with its reason at once, and tells the server.
 */
export async function callMcpTool(
  connection: McpConnection,
  { name, input, signal, storeFile }: McpToolInvocation,
): Promise<Json> {
  signal.throwIfAborted()
  // A signal for this call alone: the transports keep listening to it after the call has ended.
  const callAbort = new AbortController()
  const abort = (): void => callAbort.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const result = await connection.client
    .callTool({ name, arguments: toRawArguments(input), options: { signal: callAbort.signal } })
    .catch((error: unknown) => {
      signal.throwIfAborted()
      throw toCallError(error, connection.closeReason)
    })
    .finally(() => signal.removeEventListener('abort', abort))
  return mcpResultToJson(result, storeFile)
}

/** The transports of the AI SDK write the arguments with `JSON.stringify`. */
function toRawArguments(input: JsonObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, toRawJson(value)]))
}

function toCallError(error: unknown, closeReason: McpFailureReason | null): Error {
  if (error instanceof McpNotExecutedError) return error
  if (closeReason !== null) return createDisconnectedError(closeReason)
  if (!MCPClientError.isInstance(error) || error.code === mcpConnectionClosedCode)
    return createDisconnectedError(toMcpFailureReason(error))
  if (error.code !== undefined) return new ToolError(error.message)
  if (error.statusCode !== undefined) return new ToolError(formatMcpFailure(toMcpFailureReason(error)))
  // With a cause, the response could not be parsed.
  return new ToolError(error.cause ? 'The MCP server responded with an invalid result.' : error.message)
}

function createDisconnectedError(reason: McpFailureReason): ToolError {
  return new ToolError(
    `The connection to the MCP server ended during the call, which may or may not have taken effect. ${formatMcpFailure(reason)}`,
  )
}
