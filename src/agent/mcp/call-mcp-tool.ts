import { MCPClientError } from '@ai-sdk/mcp'
import { z } from 'zod'
import { type Json, toRawJson } from '../../lib/text/json.ts'
import { type JsonObject, type ToolExecutionContext, ToolError } from '../tools/tool.ts'
import { mcpResultToJson } from './results/mcp-result-to-json.ts'
import type { McpConnection } from './transport/mcp-connection.ts'
import { type McpFailureReason, formatMcpFailure } from './transport/mcp-failure-reason.ts'
import { mcpConnectionClosedCode } from './transport/json-rpc.ts'
import { McpNotExecutedError } from './transport/mcp-failure-error.ts'
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

function toCallError(clientError: unknown, closeReason: McpFailureReason | null): Error {
  const error = findCause(clientError)
  if (error instanceof McpNotExecutedError) return error
  if (closeReason !== null) return createDisconnectedError(closeReason)
  const reason = toMcpFailureReason(error)
  if (reason.kind === 'message-too-large')
    return new ToolError(`The tool ran, but its result is lost. ${formatMcpFailure(reason)} Ask for less.`)
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return new ToolError('The MCP server responded with an invalid result.')
  if (!MCPClientError.isInstance(error) || error.code === mcpConnectionClosedCode)
    return createDisconnectedError(reason)
  if (error.code !== undefined || error.statusCode === undefined) return new ToolError(error.message)
  // A gateway may have lost the connection to the server, or have put a page in place of its response.
  const mayHaveRun = error.statusCode >= 500 || error.statusCode === 408 || error.statusCode < 300
  return new ToolError(`${formatMcpFailure(reason)}${mayHaveRun ? ' The call may or may not have taken effect.' : ''}`)
}

/** The client wraps what went wrong in some protocol versions only. */
function findCause(error: unknown): unknown {
  const isWrapper = MCPClientError.isInstance(error) && error.code === undefined && error.statusCode === undefined
  return isWrapper && error.cause instanceof Error ? findCause(error.cause) : error
}

function createDisconnectedError(reason: McpFailureReason): ToolError {
  return new ToolError(
    `The connection to the MCP server ended during the call, which may or may not have taken effect. ${formatMcpFailure(reason)}`,
  )
}
