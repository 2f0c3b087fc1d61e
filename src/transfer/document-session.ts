import type { SessionRecord } from '../model/session.ts'
import type { SectionRecord } from './document-schema.ts'

type DocumentSession = SectionRecord<'sessions'>

/** A session as a document has it: without what is said by where it is kept, and with what is kept beside it. */
export function toDocumentSession(
  session: SessionRecord,
  extraFields: Pick<DocumentSession, 'parentId' | 'key' | 'files'>,
): DocumentSession {
  return {
    id: session.id,
    title: session.title,
    titleSource: session.titleSource,
    source: session.source,
    model: session.model,
    startedAt: session.startedAt,
    endedAt: session.endedAt,
    endReason: session.endReason,
    lastActivityAt: session.lastActivityAt,
    pinned: session.pinned,
    archived: session.archived,
    forkedFrom: session.forkedFrom,
    headSeq: session.headSeq,
    usage: session.usage,
    ...extraFields,
  }
}
