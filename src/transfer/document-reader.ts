import { closeSync, openSync, readSync } from 'node:fs'
import {
  documentFormat,
  type DocumentRecord,
  documentRecordSchema,
  type SectionName,
  sectionNames,
  documentVersion,
} from './document-schema.ts'
import { JsonStreamError, type ReadChunk, type JsonEntry, parseJsonStream } from './json-stream.ts'
import { TransferError } from './transfer-error.ts'

/** Where in a file a record stands, for whoever has to find it: a line, and a path. */
export interface Located {
  readonly location: string
}

/** What stands before the lists. */
const headerNames = ['format', 'version']
/** What stands behind them: the fingerprint of all records. */
const trailerName = 'sha256'

/**
 * The records of a document in a file, in the order in which they stand there, each in the right form; no more than one
 * is held at a time. With `wanted`, those of these lists alone. `onFingerprint` is told what the document says that its
 * fingerprint is. Throws a `TransferError` that says where the file is damaged, of a newer version, or no document at all.
 */
export function* readDocument(
  path: string,
  sections: readonly SectionName[] = sectionNames,
  onFingerprint: (sha256: unknown) => void = () => undefined,
): Generator<DocumentRecord & Located, void, void> {
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
    throw new TransferError(`${path}: it can't be read (${describeReadError(error)})`)
  }
}

function* readJsonEntries(path: string, descriptor: number): Generator<JsonEntry, void, void> {
  try {
    yield* parseJsonStream(createTextReader(descriptor))
  } catch (error) {
    if (error instanceof TransferError) throw error
    if (error instanceof JsonStreamError) throw new TransferError(`${path}: line ${error.line}: ${error.message}`)
    throw new TransferError(`${path}: it can't be read (${describeReadError(error)})`)
  }
}

/** Its text as UTF-8, piece by piece; a byte order mark is left out. */
function createTextReader(descriptor: number): ReadChunk {
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
  sections: readonly SectionName[],
  onFingerprint: (sha256: unknown) => void,
): Generator<DocumentRecord & Located> {
  const expected = [...headerNames, ...sectionNames, trailerName]
  let expectedIndex = -1
  for (const { member, index, value, line } of entries) {
    const location = `${path}: line ${line}: ${member}${index === null ? '' : ` ${index + 1}`}`
    if (index === null || index === 0) assertOrder(member, expected[(expectedIndex += 1)], expectedIndex, location)
    if (expectedIndex < headerNames.length) assertHeader(member, value, location)
    else if (member === trailerName) onFingerprint(value)
    else if (index !== null && sections.some((name) => name === member))
      yield { ...parseRecord(member, value, location), location }
    else if (index === null && !Array.isArray(value)) throw new TransferError(`${location}: it has to be a list`)
  }
  const missing = expected[expectedIndex + 1]
  if (missing !== undefined)
    throw new TransferError(expectedIndex < 0 ? notADocumentMessage(path) : `${path}: it has no ${missing}`)
}

function assertOrder(member: string, expected: string | undefined, expectedIndex: number, location: string): void {
  if (member === expected) return
  if (expectedIndex === 0) throw new TransferError(notADocumentMessage(location))
  const instead = expected === undefined ? 'the document is over' : `${expected} should be`
  throw new TransferError(`${location}: it stands where ${instead}`)
}

const notADocumentMessage = (location: string): string => `${location}: this is no conversation that Segue has exported`

function assertHeader(member: string, value: unknown, location: string): void {
  if (member === 'format' && value !== documentFormat) throw new TransferError(notADocumentMessage(location))
  if (member !== 'version' || value === documentVersion) return
  if (typeof value !== 'number' || value < documentVersion)
    throw new TransferError(`${location}: it has to be ${documentVersion}`)
  const known = `this Segue knows versions up to ${documentVersion}`
  throw new TransferError(`${location}: the document has version ${value}, ${known}. Import it with the newer Segue.`)
}

function parseRecord(section: string, record: unknown, location: string): DocumentRecord {
  const { success, data, error } = documentRecordSchema.safeParse({ list: section, record })
  if (success) return data
  const problems = error.issues.map(({ path: [, ...path], message }) => [path.join('.'), message])
  throw new TransferError([location, ...(problems[0] ?? [])].filter((part) => part !== '').join(': '))
}

function describeReadError(error: unknown): string {
  if (error instanceof TypeError) return 'it is not written in UTF-8'
  if (error instanceof RangeError) return 'a value in it is too long'
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
