import type { ChatRequest } from '../../src/chat/requests/chat-request.ts'

/** A message that begins a session of the default profile, except for what is told. */
export function chatRequest(of: Partial<ChatRequest> & { readonly text: string }): ChatRequest {
  return { sessionId: null, files: [], model: null, profile: 'default', key: null, ifBusy: 'REJECT', ...of }
}
