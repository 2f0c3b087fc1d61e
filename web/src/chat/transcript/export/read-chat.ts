import type { SegueClient } from 'segue-client'
import { type ExportPageQuery, ExportPageDocument } from '../../../graphql/generated/graphql.ts'
import { strings } from '../../../strings/strings.ts'
import { readPages } from '../toolbar/read-pages.ts'

type ExportedSession = NonNullable<ExportPageQuery['session']>

/** A message as it is saved. */
export type ReadMessage = ExportedSession['transcript']['edges'][number]['node']

/** A whole chat: the messages of its sessions, as a person reads them. */
export interface ReadChat extends Omit<ExportedSession, 'transcript'> {
  readonly messages: readonly ReadMessage[]
}

/** Reads a whole chat. Rejects if there is no such session. */
export async function readChat(client: SegueClient, sessionId: string): Promise<ReadChat> {
  const found: ExportedSession[] = []
  const messages = await readPages(async (after) => {
    const { session } = await client.request(ExportPageDocument, { sessionId, after })
    if (session) found.push(session)
    return session?.transcript
  })
  const [session] = found
  if (!session) throw new Error(strings.transcript.exported.gone)
  const { id, title, origin, source, model, startedAt } = session
  return { id, title, origin, source, model, startedAt, messages }
}
