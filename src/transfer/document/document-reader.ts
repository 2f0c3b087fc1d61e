import { closeSync, openSync, readSync } from 'node:fs'
import {
  exportDocumentFormat,
  type SectionedExportRecord,
  exportDocumentVersion,
  type ExportSectionName,
  exportSectionNames,
} from './document-schema.ts'
import { JsonStreamError, type ReadJsonTextChunk } from './chunked-json-reader.ts'
import { parseExportDocumentRecord } from './parse-export-document-record.ts'
import { type JsonEntry, parseJsonStream } from './parse-json-stream.ts'
import { ExportImportError } from '../export-import-error.ts'

export interface LocatedExportRecord {
  /** Where the record is, as in `chat.json: line 12: messages 3`. */
  readonly location: string
}

/** The members before the sections. */
const headerNames = ['format', 'version']
/** The member after the sections: the fingerprint of all records. */
const trailerName = 'sha256'

/**
 * Reads the records of the given sections from a file, in document order, one at a time. Validates the structure of the
 * whole document and the schema of each record that it yields. Passes the document's fingerprint to `onFingerprint`.
 * Throws an `ExportImportError` with the location if the file is damaged, too new, or not a document.
 */
export function* readExportDocument(
  path: string,
  sections: readonly ExportSectionName[] = exportSectionNames,
  onFingerprint: (sha256: unknown) => void = () => undefined,
): Generator<SectionedExportRecord & LocatedExportRecord, void, void> {
  const descriptor = openDocument(path)
  try {
    yield* readRecords(readJsonEntries(path, descriptor), path, sections, onFingerprint)
  } finally {
    closeSync(descriptor)
  }
}

function openDocument(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw toReadError(path, error)
  }
}

function* readJsonEntries(path: string, descriptor: number): Generator<JsonEntry, void, void> {
  try {
    yield* parseJsonStream(createTextReader(descriptor))
  } catch (error) {
    if (error instanceof ExportImportError) throw error
    if (error instanceof JsonStreamError) throw new ExportImportError(`${path}: line ${error.line}: ${error.message}`)
    throw toReadError(path, error)
  }
}

/** Reads a file as UTF-8, without its byte order mark. */
function createTextReader(descriptor: number): ReadJsonTextChunk {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let isAtEnd = false
  return (units) => {
    if (isAtEnd) return null
    const bytes = Buffer.allocUnsafe(units)
    const length = readSync(descriptor, bytes)
    isAtEnd = length === 0
    return decoder.decode(bytes.subarray(0, length), { stream: !isAtEnd })
  }
}

function* readRecords(
  entries: Iterable<JsonEntry>,
  path: string,
  sections: readonly ExportSectionName[],
  onFingerprint: (sha256: unknown) => void,
): Generator<SectionedExportRecord & LocatedExportRecord> {
  const expectedNames = [...headerNames, ...exportSectionNames, trailerName]
  let memberIndex = -1
  for (const { member, index, value, line } of entries) {
    const location = `${path}: line ${line}: ${member}${index === null ? '' : ` ${index + 1}`}`
    if (index === null || index === 0) {
      memberIndex += 1
      assertOrder(member, expectedNames[memberIndex], memberIndex, location)
    }
    if (memberIndex < headerNames.length) assertHeader(member, value, location)
    else if (member === trailerName) onFingerprint(value)
    else if (index !== null && sections.some((name) => name === member))
      yield { ...parseExportDocumentRecord(member, value, location), location }
    else if (index === null && !Array.isArray(value)) throw new ExportImportError(`${location}: Expected a list.`)
  }
  const missing = expectedNames[memberIndex + 1]
  if (missing === undefined) return
  throw memberIndex < 0 ? newFormatError(path) : new ExportImportError(`${path}: The document has no ${missing}.`)
}

function assertOrder(member: string, expected: string | undefined, memberIndex: number, location: string): void {
  if (member === expected) return
  if (memberIndex === 0) throw newFormatError(location)
  throw new ExportImportError(`${location}: Expected ${expected ?? 'the end of the document'} here.`)
}

function assertHeader(member: string, value: unknown, location: string): void {
  if (member === 'format' && value !== exportDocumentFormat) throw newFormatError(location)
  if (member !== 'version') return
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw new ExportImportError(`${location}: The version must be a whole number from 1 to ${exportDocumentVersion}.`)
  if (value <= exportDocumentVersion) return
  throw new ExportImportError(
    `${location}: The document has version ${value}, but this Segue reads versions up to ${exportDocumentVersion}. ` +
      'Import it with a newer Segue.',
  )
}

function newFormatError(location: string): ExportImportError {
  return new ExportImportError(`${location}: This is not a conversation that Segue has exported.`)
}

function toReadError(path: string, error: unknown): ExportImportError {
  if (error instanceof TypeError) return new ExportImportError(`${path}: The file is not valid UTF-8. Export it again.`)
  if (error instanceof RangeError) return new ExportImportError(`${path}: The file contains a value that is too long.`)
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new ExportImportError(`${path}: The file cannot be read (${reason}).`)
}
