import type { JSONRPCMessage } from '@ai-sdk/mcp'

/** Whether a message says that the server's tools have changed. The AI SDK's client ignores notifications. */
export function isToolListChanged(message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'notifications/tools/list_changed'
}

/** Returns the notification that cancels the tool call of a message; null if the message is not a tool call. */
export function toMcpCancelledNotification(message: JSONRPCMessage): JSONRPCMessage | null {
  if (!('method' in message && 'id' in message) || message.method !== 'tools/call') return null
  const params = { requestId: message.id, reason: 'The call was cancelled.' }
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params }
}

/** Code of the error response that replaces a missing one when the connection ends. */
export const mcpConnectionClosedCode = 1

export function createMcpDisconnectError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: mcpConnectionClosedCode, message: 'The response is incomplete.' } }
}
