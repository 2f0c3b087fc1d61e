import type { SegueClient } from 'segue-client'
import { type ExportPageQuery, ExportPageDocument } from '../../../graphql/generated/graphql.ts'
import { strings } from '../../../strings/strings.ts'
import { readPages } from '../toolbar/read-pages.ts'

type ExportedSession = NonNullable<ExportPageQuery['session']>

/** A message as it is saved. */
export type ReadMessage = ExportedSession['transcript']['edges'][number]['node']

/** A whole chat: the messages of its sessions, as a person reads them. */
export interface ReadChat extends Omit<ExportedSession, 'transcript' | 'conversation'> {
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
  const { id, origin, source, model, startedAt, conversation } = session
  // A chat that was renamed has a title of its own.
  const title = conversation.title ?? session.title
  return { id, title, origin, source, model, startedAt, messages }
}
