import type { Origin } from '../../../src/model/session.ts'
import type { SegueClient } from '../segue-client.ts'
import { createSessionDocument } from './live-chat-documents.ts'

/** See `CreateSessionInput` in the schema. */
interface CreateSessionInput {
  readonly key?: string | undefined
  readonly profile?: string | undefined
  readonly continues?: string | undefined
}

/**
 * The id of the session to send to: of a session of Hermes, which is only read, a new one that continues it. Rejects with
 * BAD_USER_INPUT if that has not ended.
 */
export async function getWritableSession(
  client: SegueClient,
  { id, origin }: { readonly id: string; readonly origin: Origin },
): Promise<string> {
  return origin === 'SEGUE' ? id : createSession(client, { continues: id })
}

/** Makes a session and resolves to its id. With the `key` of an earlier call, the session that it made. */
export async function createSession(client: SegueClient, input: CreateSessionInput): Promise<string> {
  const { session } = await client.request<{ readonly session: { readonly id: string } }>(createSessionDocument, {
    input,
  })
  return session.id
}
