import type { Origin } from '../lists/conversation-list.ts'
import type { SegueClient } from '../segue-client.ts'
import { continueSessionDocument } from './live-chat-documents.ts'

/**
 * The id of the session to send to: of a session of Hermes, which is only read, a new one that continues it. Rejects with
 * BAD_USER_INPUT if that has not ended.
 */
export async function getWritableSession(
  client: SegueClient,
  { id, origin }: { readonly id: string; readonly origin: Origin },
): Promise<string> {
  if (origin === 'SEGUE') return id
  const input = { continues: id }
  const { session } = await client.request<{ readonly session: { readonly id: string } }>(continueSessionDocument, {
    input,
  })
  return session.id
}
