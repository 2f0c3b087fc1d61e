import { type SectionedExportRecord, sectionedExportRecordSchema } from './document-schema.ts'
import { ExportImportError } from '../export-import-error.ts'

/** Parses a record of a section. Throws an `ExportImportError` that names the first invalid field. */
export function parseExportDocumentRecord(section: string, record: unknown, location: string): SectionedExportRecord {
  const { success, data, error } = sectionedExportRecordSchema.safeParse({ section, record })
  if (success) return data
  const [{ path: [, ...path] = [], message = '' } = {}] = error.issues
  throw new ExportImportError([location, path.join('.'), `${message}.`].filter((part) => part !== '').join(': '))
}
