import type { SessionRecord } from '../../model/session.ts'
import type { ExportSectionRecord } from './document-schema.ts'

type DocumentSession = ExportSectionRecord<'sessions'>

/** Converts a session for a document: drops what depends on where it is stored, and adds the given fields. */
export function toExportDocumentSession(
  session: SessionRecord,
  extraFields: Pick<DocumentSession, 'parentId' | 'retryOf' | 'takesPlaceOf' | 'key' | 'files' | 'checkpoint'>,
): DocumentSession {
  return {
    id: session.id,
    title: session.title,
    titleSource: session.titleSource,
    source: session.source,
    model: session.model,
    ...(session.instructions && { instructions: session.instructions }),
    ...(session.effort && { effort: session.effort }),
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
