import type { JSONRPCMessage } from '@ai-sdk/mcp'

/** Whether a server says that its tools are others now; the client hears no notifications. */
export function isToolListChanged(message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'notifications/tools/list_changed'
}

/** What tells a server that nobody waits any more for what this message asks of it; null where that is no call. */
export function toCancelledNotification(message: JSONRPCMessage): JSONRPCMessage | null {
  if (!('method' in message && 'id' in message) || message.method !== 'tools/call') return null
  const params = { requestId: message.id, reason: 'Nobody waits for it any more.' }
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params }
}

/** The code of an answer that no server gave: the connection ended before one came. */
export const connectionClosedCode = 1

export function createConnectionClosedError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: connectionClosedCode, message: 'the answer did not come to its end' } }
}
