import { MCPClientError } from '@ai-sdk/mcp'
import type { Json } from '../../model/records.ts'
import { type JsonObject, ToolError } from '../tools/tool.ts'
import { type Connection, reasonOf } from './transport/connection.ts'
import { NotDoneError } from './transport/http-request.ts'
import { unansweredCode } from './transport/json-rpc.ts'
import { toJson } from './tool-result.ts'

export interface Call {
  /** As the server calls the tool. */
  readonly name: string
  readonly input: JsonObject
  readonly signal: AbortSignal
}

/**
 * Has a tool do something, however long it takes. Throws a ToolError, a NotDoneError, or why the signal was aborted: at
 * once, and the server is told.
 */
export async function callTool(connection: Connection, { name, input, signal }: Call): Promise<Json> {
  signal.throwIfAborted()
  // One for this call alone: the transports go on listening to it when the call is over.
  const own = new AbortController()
  const abort = (): void => own.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const result = await connection.client
    .callTool({ name, arguments: input, options: { signal: own.signal } })
    .catch((error: unknown) => {
      signal.throwIfAborted()
      throw faultOf(error, connection.end())
    })
    .finally(() => signal.removeEventListener('abort', abort))
  return toJson(result)
}

function faultOf(error: unknown, end: string | null): Error {
  if (error instanceof NotDoneError) return error
  if (end !== null) return endedDuring(end)
  if (!MCPClientError.isInstance(error) || error.code === unansweredCode) return endedDuring(reasonOf(error))
  if (error.code !== undefined) return new ToolError(error.message)
  if (error.statusCode !== undefined) return new ToolError(`The server of this tool failed: ${reasonOf(error)}.`)
  // With a cause it is one that the client could not make sense of.
  return new ToolError(
    error.cause ? 'The server of this tool answered with something that is no result.' : error.message,
  )
}

function endedDuring(how: string): ToolError {
  return new ToolError(`The server of this tool ended during the call, which may or may not have taken effect: ${how}.`)
}
