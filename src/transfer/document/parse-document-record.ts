import { type DocumentRecord, documentRecordSchema } from './document-schema.ts'
import { TransferError } from '../transfer-error.ts'

/** Parses a record of a section. Throws a `TransferError` that names the first invalid field. */
export function parseDocumentRecord(section: string, record: unknown, location: string): DocumentRecord {
  const { success, data, error } = documentRecordSchema.safeParse({ section, record })
  if (success) return data
  const [{ path: [, ...path] = [], message = '' } = {}] = error.issues
  throw new TransferError([location, path.join('.'), `${message}.`].filter((part) => part !== '').join(': '))
}
