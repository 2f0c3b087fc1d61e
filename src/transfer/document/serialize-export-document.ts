import { stringifyJson } from '../../lib/text/json.ts'
import {
  exportDocumentFormat,
  type SectionedExportRecord,
  exportDocumentVersion,
  exportSectionNames,
} from './document-schema.ts'
import { ExportDocumentValidator } from './export-document-validator.ts'
import { parseExportDocumentRecord } from './parse-export-document-record.ts'

const minChunkLength = 65_536 // UTF-16 code units

/**
 * Serializes records as a document in JSON, with one record per line. Yields the text in chunks. Keys are in the order of
 * the schema, so the same records always give the same text. Throws an `ExportImportError` for records that could not be
 * imported again.
 */
export async function* serializeExportDocument(
  records: AsyncIterable<SectionedExportRecord>,
): AsyncGenerator<string, void, void> {
  let text = ''
  for await (const line of serializeLines(records)) {
    text += line
    if (text.length < minChunkLength) continue
    yield text
    text = ''
  }
  yield text
}

async function* serializeLines(records: AsyncIterable<SectionedExportRecord>): AsyncGenerator<string, void, void> {
  const validator = new ExportDocumentValidator()
  let openedSections = 0
  yield `{\n"format": ${JSON.stringify(exportDocumentFormat)},\n"version": ${exportDocumentVersion}`
  for await (const input of records) {
    const location = describeRecord(input)
    const parsed = parseExportDocumentRecord(input.section, input.record, location)
    validator.add(parsed, location)
    const section = exportSectionNames.indexOf(parsed.section)
    const isFirst = section >= openedSections
    if (isFirst) yield openSections(openedSections, section)
    openedSections = section + 1
    yield `${isFirst ? '\n' : ',\n'}${stringifyJson(parsed.record)}`
  }
  const sha256 = validator.finish('The conversation')
  yield `${openSections(openedSections, exportSectionNames.length)}\n],\n"sha256": "${sha256}"\n}\n`
}

/** Opens the sections `from` to `to`, each after the end of the previous one. */
function openSections(from: number, to: number): string {
  const names = exportSectionNames.slice(from, to + 1)
  return names.map((name, index) => `${from + index === 0 ? '' : '\n]'},\n"${name}": [`).join('')
}

function describeRecord({ section, record }: SectionedExportRecord): string {
  return `${section} ${describeRecordId(record)}`
}

function describeRecordId(record: SectionedExportRecord['record']): string {
  if ('id' in record) return record.id
  if ('seq' in record) return `${record.sessionId} ${record.seq}`
  return 'hash' in record ? record.hash : record.tool
}
