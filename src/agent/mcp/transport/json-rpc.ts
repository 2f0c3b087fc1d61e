import { type JSONRPCMessage, validateJSONRPCMessage } from '@ai-sdk/mcp'
import { z } from 'zod'
import { normalizeElicitations } from './normalize-elicitations.ts'
import { normalizeMcpResponseResult } from './normalize-mcp-response-result.ts'

/** A message of a server that expects no response. */
export interface McpNotification {
  readonly method: string
  readonly params?: unknown
}

const messageSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  method: z.string().nullish(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
})

/**
 * Reads a message as servers write it: some add keys, or keys with null, which the AI SDK's client rejects. Returns null
 * if the value is no message.
 */
export function toJsonRpcMessage(value: unknown): JSONRPCMessage | null {
  const parsed = messageSchema.safeParse(normalizeElicitations(value))
  if (!parsed.success) return null
  const { id, method, params, result, error } = parsed.data
  const present = Object.entries({ id, method, params, result: normalizeMcpResponseResult(result), error }).filter(
    ([, each]) => (each ?? null) !== null,
  )
  try {
    return validateJSONRPCMessage({ jsonrpc: '2.0', ...Object.fromEntries(present) })
  } catch {
    return null
  }
}

/** Returns the notification that a message is; null for requests and responses. */
export function toMcpNotification(message: JSONRPCMessage): McpNotification | null {
  return 'method' in message && !('id' in message) ? message : null
}

/** Returns the notification that cancels the tool call of a message; null if the message is not a tool call. */
export function toMcpCancelledNotification(message: JSONRPCMessage): JSONRPCMessage | null {
  if (!('method' in message && 'id' in message) || message.method !== 'tools/call') return null
  const params = { requestId: message.id, reason: 'The call was cancelled.' }
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params }
}

/** Code of the error response that replaces a missing one when the connection ends. */
export const mcpConnectionClosedCode = 1

/** Code of the error response that replaces one of more than the maximum size. */
export const mcpMessageTooLargeCode = 2

export function createMcpDisconnectError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: mcpConnectionClosedCode, message: 'The response is incomplete.' } }
}

export function createMcpTooLargeError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: mcpMessageTooLargeCode, message: 'The response is too large.' } }
}
