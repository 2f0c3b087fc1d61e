import type { Origin } from '../../../src/model/session.ts'
import type { SegueClient } from '../segue-client.ts'

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
