import { AsyncLocalStorage } from 'node:async_hooks'
import type { JSONRPCMessage } from '@ai-sdk/mcp'

const progressToken = new AsyncLocalStorage<string>()

/** Makes a tool call with a progress token, which the AI SDK's client has no parameter for. */
export function withMcpProgressToken<T>(token: string, call: () => Promise<T>): Promise<T> {
  return progressToken.run(token, call)
}

/** Returns the message of a tool call with the progress token of the call; any other message unchanged. */
export function addMcpProgressToken(message: JSONRPCMessage): JSONRPCMessage {
  const token = progressToken.getStore()
  if (token === undefined || !('method' in message) || message.method !== 'tools/call') return message
  const { _meta: meta, ...params } = message.params ?? {}
  return { ...message, params: { ...params, _meta: { ...meta, progressToken: token } } }
}
