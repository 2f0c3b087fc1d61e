import { DocumentValidator } from './document-validator.ts'
import {
  documentFormat,
  type DocumentRecord,
  documentRecordSchema,
  sectionNames,
  documentVersion,
} from './document-schema.ts'
import { TransferError } from './transfer-error.ts'

const minChunkLength = 65_536 // UTF-16 code units: a line at a time would be a write each

/**
 * A document piece by piece: JSON, with a record a line. Keys stand in the order of the form, so that the same records
 * are always the same text. Throws a `TransferError` for what could not be imported again.
 */
export async function* serializeDocument(records: AsyncIterable<DocumentRecord>): AsyncGenerator<string, void, void> {
  let text = ''
  for await (const line of serializeLines(records)) {
    text += line
    if (text.length < minChunkLength) continue
    yield text
    text = ''
  }
  yield text
}

async function* serializeLines(records: AsyncIterable<DocumentRecord>): AsyncGenerator<string, void, void> {
  const validator = new DocumentValidator()
  let openedSections = 0
  yield `{\n"format": ${JSON.stringify(documentFormat)},\n"version": ${documentVersion}`
  for await (const input of records) {
    const { listed: record, place } = parseRecord(input)
    validator.add(record, place)
    const list = sectionNames.indexOf(record.list)
    const isNew = list >= openedSections
    if (isNew) yield openSections(openedSections, list)
    openedSections = list + 1
    yield `${isNew ? '\n' : ',\n'}${JSON.stringify(record.record)}`
  }
  const sha256 = validator.finish('the conversation')
  yield `${openSections(openedSections, sectionNames.length)}\n],\n"sha256": "${sha256}"\n}\n`
}

/** The beginnings of the lists from one up to another one, each behind the end of the one before it. */
function openSections(from: number, to: number): string {
  const names = sectionNames.slice(from, to + 1)
  return names.map((name, index) => `${from + index === 0 ? '' : '\n]'},\n"${name}": [`).join('')
}

function parseRecord(input: DocumentRecord): { readonly listed: DocumentRecord; readonly place: string } {
  const { success, data, error } = documentRecordSchema.safeParse(input)
  const place = `${input.list} ${describeRecord(input)}`
  if (success) return { listed: data, place }
  const [{ path = [], message = '' } = {}] = error.issues
  throw new TransferError(`${place}: ${path.slice(1).join('.')}: ${message}`)
}

function describeRecord({ record }: DocumentRecord): string {
  if ('id' in record) return record.id
  if ('seq' in record) return `${record.sessionId} ${record.seq}`
  return 'hash' in record ? record.hash : record.tool
}
