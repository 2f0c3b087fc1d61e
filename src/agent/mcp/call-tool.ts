import { MCPClientError } from '@ai-sdk/mcp'
import type { Json } from '../../lib/json.ts'
import { type JsonObject, ToolError } from '../tools/tool.ts'
import { type Connection, describeMcpError } from './transport/connection.ts'
import { NotExecutedError } from './transport/http-request.ts'
import { connectionClosedCode } from './transport/json-rpc.ts'
import { toolResultToJson } from './tool-result.ts'

export interface ToolInvocation {
  /** As the server calls the tool. */
  readonly name: string
  readonly input: JsonObject
  readonly signal: AbortSignal
}

/**
 * Has a tool do something, however long it takes. Throws a ToolError, a NotDoneError, or why the signal was aborted: at
 * once, and the server is told.
 */
export async function callTool(connection: Connection, { name, input, signal }: ToolInvocation): Promise<Json> {
  signal.throwIfAborted()
  // One for this call alone: the transports go on listening to it when the call is over.
  const callAbort = new AbortController()
  const abort = (): void => callAbort.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const result = await connection.client
    .callTool({ name, arguments: input, options: { signal: callAbort.signal } })
    .catch((error: unknown) => {
      signal.throwIfAborted()
      throw toCallError(error, connection.closeReason())
    })
    .finally(() => signal.removeEventListener('abort', abort))
  return toolResultToJson(result)
}

function toCallError(error: unknown, closeReason: string | null): Error {
  if (error instanceof NotExecutedError) return error
  if (closeReason !== null) return createServerClosedError(closeReason)
  if (!MCPClientError.isInstance(error) || error.code === connectionClosedCode)
    return createServerClosedError(describeMcpError(error))
  if (error.code !== undefined) return new ToolError(error.message)
  if (error.statusCode !== undefined)
    return new ToolError(`The server of this tool failed: ${describeMcpError(error)}.`)
  // With a cause it is one that the client could not make sense of.
  return new ToolError(
    error.cause ? 'The server of this tool answered with something that is no result.' : error.message,
  )
}

function createServerClosedError(reason: string): ToolError {
  return new ToolError(
    `The server of this tool ended during the call, which may or may not have taken effect: ${reason}.`,
  )
}
