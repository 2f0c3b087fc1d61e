import { prependPositions } from '../model/message-position.ts'
import { deterministicId } from '../lib/ids.ts'
import { findBlobHash } from '../model/blob-url.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { SessionReader } from '../storage/session-reader.ts'
import type { SectionRecord } from './document-schema.ts'
import { toDocumentSession } from './document-session.ts'

const pageSize = 1000 // messages

/** A session of Hermes as one that is kept here. */
export interface ConvertedSession {
  readonly session: SectionRecord<'sessions'>
  readonly messages: readonly MessageRecord[]
}

/** The id that a session of Hermes has where it is kept here: always the same. */
export function toSegueId({ id, startedAt }: SessionRecord): string {
  return deterministicId('session', id, startedAt)
}

/**
 * A session of Hermes as it would be one of ours. Its model is left out, for it is none of ours; its tool calls keep
 * their ids, and so its messages their digests. What Hermes shows and sends to no model any more counts as taken back;
 * what it sends and shows nobody is left out. `parent` is what it continues.
 */
export async function convertHermesSession(
  session: SessionRecord,
  parent: SessionRecord | null,
  hermes: SessionReader,
): Promise<ConvertedSession> {
  const id = toSegueId(session)
  const contextIds = new Set((await hermes.loadContextMessages(session.id)).map((message) => message.id))
  const visibleMessages: MessageRecord[] = []
  for await (const message of readVisibleMessages(session.id, hermes)) {
    const messageId = deterministicId('message', message.id, message.createdAt)
    // Of Hermes' sessions each tells all that its model knows, as ours do which begin with a summary.
    const isSummary =
      parent !== null && contextIds.has(message.id) && visibleMessages.every(({ withdrawn }) => withdrawn)
    const withdrawn = !contextIds.has(message.id)
    visibleMessages.push({ ...message, id: messageId, sessionId: id, withdrawn, ...(isSummary && { summary: true }) })
  }
  const files = new Set(visibleMessages.flatMap(({ parts }) => parts.flatMap((part) => findBlobHash(part) ?? [])))
  const parentId = parent && toSegueId(parent)
  const extraFields = { parentId, key: null, files: [...files].toSorted() }
  return {
    session: toDocumentSession({ ...session, id, model: null }, extraFields),
    messages: prependPositions(visibleMessages),
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
