import type { SessionRecord } from '../model/records.ts'
import type { RecordIn } from './document-schema.ts'

type Kept = RecordIn<'sessions'>

/** A session as a document has it: without what is said by where it is kept, and with what is kept beside it. */
export function sessionForm(session: SessionRecord, beside: Pick<Kept, 'parentId' | 'key' | 'files'>): Kept {
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
    ...beside,
  }
}
