import type { ChatStream } from '../../model/stream.ts'
import type { ChatInput, SegueClient } from '../../segue-client.ts'
import { toChatStream } from '../../wire/to-chat-event.ts'
import type { WireStream } from '../../wire/wire-types.ts'
import { regenerateDocument, startChatDocument } from '../live-chat-documents.ts'

/** What a retry sends in place of what was sent. */
export type RetryChanges = Partial<Pick<ChatInput, 'text' | 'files' | 'model' | 'effort'>>

/** Starts an answer without following it. */
export function startChat(client: SegueClient, input: ChatInput): Promise<ChatStream> {
  return requestStream(client, startChatDocument, { input })
}

/** Tries the turn of a message again, in another session of its conversation, without following the answer. */
export function regenerate(client: SegueClient, messageId: string, changes: RetryChanges = {}): Promise<ChatStream> {
  return requestStream(client, regenerateDocument, { messageId, ...changes })
}

async function requestStream(
  client: SegueClient,
  document: string,
  variables: Record<string, unknown>,
): Promise<ChatStream> {
  const { stream } = await client.request<{ readonly stream: WireStream }>(document, variables)
  return toChatStream(stream)
}
