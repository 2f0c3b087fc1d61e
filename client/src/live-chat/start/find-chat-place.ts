import type { Origin } from '../../../../src/model/session.ts'
import type { NewSession } from '../../commands/session-details.ts'
import type { ChatInput, SegueClient } from '../../segue-client.ts'

/**
 * The id of the session to send to: of a session of Hermes, which is only read, a new one that continues it. Rejects with
 * BAD_USER_INPUT if that has not ended.
 */
export async function getWritableSession(
  client: SegueClient,
  { id, origin }: { readonly id: string; readonly origin: Origin },
): Promise<string> {
  return origin === 'SEGUE' ? id : (await client.createSession({ continues: id })).id
}

/**
 * Where a message of a chat goes. `id` is null for a new chat: one with instructions of its own has a session before its first
 * message, which is made once for each key.
 */
export async function findChatPlace(
  client: SegueClient,
  { id, origin }: { readonly id: string | null; readonly origin: Origin },
  newSession: Pick<NewSession, 'profile' | 'instructions'>,
  key: string,
): Promise<Pick<ChatInput, 'sessionId' | 'profile'>> {
  if (id !== null) return { sessionId: await getWritableSession(client, { id, origin }) }
  const { instructions, ...place } = newSession
  return instructions === undefined ? place : { sessionId: (await client.createSession(newSession, { key })).id }
}
