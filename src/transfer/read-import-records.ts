import { newId, parseIdKind } from '../lib/ids.ts'
import type { ImportRecord, LocatedImportRecord } from '../storage/transfer/import-store.ts'
import { readExportDocument } from './document/document-reader.ts'
import type { SectionedExportRecord, ExportSectionName } from './document/document-schema.ts'

const importedSections: readonly ExportSectionName[] = [
  'sessions',
  'streams',
  'messages',
  'events',
  'decisions',
  'grants',
]

/**
 * Yields the records of a validated document as the storage of a profile takes them, without its files. `sessionIds` are
 * the ids of all sessions in the document.
 */
export function* readImportRecords(
  file: string,
  profile: string,
  sessionIds: ReadonlySet<string>,
): Generator<LocatedImportRecord, void, void> {
  for (const { location, ...listed } of readExportDocument(file, importedSections)) {
    const imported = toImportRecord(listed, profile, sessionIds)
    if (imported) yield { ...imported, location }
  }
}

function toImportRecord(
  { section, record }: SectionedExportRecord,
  profile: string,
  sessionIds: ReadonlySet<string>,
): ImportRecord | null {
  switch (section) {
    case 'sessions': {
      const { files, checkpoint, retryOf = null, conversationTitle, ...session } = record
      const parentId = findParentId(session.parentId, sessionIds)
      const takesPlaceOf = findParentId(session.takesPlaceOf ?? null, sessionIds)
      return {
        type: 'session',
        record: { ...session, parentId, retryOf, takesPlaceOf, origin: 'SEGUE', profile, notContinuationOf: [] },
        blobHashes: files,
        ...(conversationTitle !== undefined && { conversationTitle }),
        ...(checkpoint && { checkpoint: { ...checkpoint, sessionId: session.id } }),
      }
    }
    case 'streams':
      return { type: 'stream', record }
    case 'messages':
      return { type: 'message', record }
    case 'events':
      return { type: 'event', record }
    case 'decisions':
      return { type: 'decision', record }
    case 'grants':
      return {
        type: 'approvalRule',
        record: { id: newId('approvalRule'), pattern: null, since: Date.now(), approvalId: null, ...record },
      }
    case 'files':
      return null
  }
}

/**
 * The id of the parent, or of the session whose place a retry takes, if it is in the document, or if it is a Hermes session,
 * which may be readable. Version 0.1.0 also exported the ids of deleted parents: these are read as null.
 */
function findParentId(parentId: string | null, sessionIds: ReadonlySet<string>): string | null {
  if (parentId === null || sessionIds.has(parentId)) return parentId
  const isHermesId = parseIdKind(parentId) === null
  return isHermesId ? parentId : null
}
