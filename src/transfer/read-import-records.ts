import type { ImportRecord, LocatedImportRecord } from '../storage/transfer/import-store.ts'
import { readDocument } from './document/document-reader.ts'
import type { DocumentRecord, SectionName } from './document/document-schema.ts'

const importedSections: readonly SectionName[] = ['sessions', 'streams', 'messages', 'events', 'decisions', 'grants']

/** The records of a validated document as the storage of a profile takes them. Its files are not among them. */
export function* readImportRecords(file: string, profile: string): Generator<LocatedImportRecord, void, void> {
  for (const { location, ...listed } of readDocument(file, importedSections)) {
    const imported = toImportRecord(listed, profile)
    if (imported) yield { ...imported, location }
  }
}

function toImportRecord({ section, record }: DocumentRecord, profile: string): ImportRecord | null {
  switch (section) {
    case 'sessions': {
      const { files, ...session } = record
      return {
        type: 'session',
        record: { ...session, origin: 'SEGUE', profile, notContinuationOf: [] },
        blobHashes: files,
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
      return { type: 'grant', record }
    case 'files':
      return null
  }
}
