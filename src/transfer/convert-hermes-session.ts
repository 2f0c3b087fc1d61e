import { deterministicId } from '../lib/ids.ts'
import { assignTurns } from '../model/conversation/assign-turns.ts'
import { listPartBlobHashes } from '../model/message-content/blob-url.ts'
import type { MessageRecord } from '../model/message.ts'
import { positionNewSessionMessages } from '../model/fold/message-position.ts'
import type { SessionRecord } from '../model/session.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import type { ExportSectionRecord } from './document/document-schema.ts'
import { toExportDocumentSession } from './document/to-export-document-session.ts'

const pageSize = 1000 // messages

/** A Hermes session as a Segue session. */
export interface ConvertedHermesSession {
  readonly session: ExportSectionRecord<'sessions'>
  readonly messages: readonly MessageRecord[]
  /** The ids of the messages, by the ids that they have in Hermes. */
  readonly messageIds: ReadonlyMap<string, string>
}

/** Returns the id of the Segue session that a Hermes session is converted to. It is the same in every export. */
export function toConvertedSessionId({ id, startedAt }: SessionRecord): string {
  return deterministicId('session', id, startedAt)
}

/**
 * Converts a Hermes session to a Segue session that continues `parent`, if given. Drops the model, which Segue does not
 * have. Keeps the ids of tool calls, and so the digests of messages. Messages that Hermes shows but no longer sends to a
 * model become withdrawn. Messages that Hermes sends but does not show are left out.
 */
export async function convertHermesSession(
  session: SessionRecord,
  parent: SessionRecord | null,
  hermes: SessionReader,
): Promise<ConvertedHermesSession> {
  const id = toConvertedSessionId(session)
  const contextIds = new Set((await hermes.loadContextMessages(session.id)).map((message) => message.id))
  const messages: MessageRecord[] = []
  const messageIds = new Map<string, string>()
  for (const message of assignTurns(await Array.fromAsync(readVisibleMessages(session.id, hermes)))) {
    const withdrawn = !contextIds.has(message.id)
    // A Hermes session holds all that its model knows. So does a Segue session that begins with a summary.
    const isSummary = parent !== null && !withdrawn && messages.every((earlier) => earlier.withdrawn)
    const messageId = deterministicId('message', message.id, message.createdAt)
    messageIds.set(message.id, messageId)
    // The user's message, which names the turn, comes first.
    const turnId = messageIds.get(message.turnId ?? '')
    messages.push({
      ...message,
      id: messageId,
      sessionId: id,
      withdrawn,
      ...(isSummary && { summary: true }),
      ...(turnId !== undefined && { turnId }),
    })
  }
  const hashes = new Set(messages.flatMap(({ parts }) => parts.flatMap(listPartBlobHashes)))
  return {
    session: toExportDocumentSession(
      { ...session, id, model: null },
      { parentId: parent && toConvertedSessionId(parent), key: null, files: [...hashes].toSorted() },
    ),
    messages: positionNewSessionMessages(messages),
    messageIds,
  }
}

async function* readVisibleMessages(sessionId: string, hermes: SessionReader): AsyncGenerator<MessageRecord> {
  for (let after: number | null = null; ;) {
    const page = await hermes.listMessages(sessionId, { after, before: null, limit: pageSize, backwards: false })
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)?.position ?? null
  }
}
