import { DocumentCheck } from './document-validator.ts'
import { format, type Listed, listedForm, listNames, version } from './document-schema.ts'
import { TransferError } from './transfer-error.ts'

const pieceLength = 65_536 // UTF-16 code units: a line at a time would be a write each

/**
 * A document piece by piece: JSON, with a record a line. Keys stand in the order of the form, so that the same records
 * are always the same text. Throws a `TransferError` for what could not be imported again.
 */
export async function* documentText(records: AsyncIterable<Listed>): AsyncGenerator<string, void, void> {
  let text = ''
  for await (const line of lines(records)) {
    text += line
    if (text.length < pieceLength) continue
    yield text
    text = ''
  }
  yield text
}

async function* lines(records: AsyncIterable<Listed>): AsyncGenerator<string, void, void> {
  const check = new DocumentCheck()
  let begun = 0
  yield `{\n"format": ${JSON.stringify(format)},\n"version": ${version}`
  for await (const given of records) {
    const { listed, place } = inForm(given)
    check.add(listed, place)
    const list = listNames.indexOf(listed.list)
    const isNew = list >= begun
    if (isNew) yield beginnings(begun, list)
    begun = list + 1
    yield `${isNew ? '\n' : ',\n'}${JSON.stringify(listed.record)}`
  }
  const sha256 = check.end('the conversation')
  yield `${beginnings(begun, listNames.length)}\n],\n"sha256": "${sha256}"\n}\n`
}

/** The beginnings of the lists from one up to another one, each behind the end of the one before it. */
function beginnings(from: number, to: number): string {
  const names = listNames.slice(from, to + 1)
  return names.map((name, index) => `${from + index === 0 ? '' : '\n]'},\n"${name}": [`).join('')
}

function inForm(given: Listed): { readonly listed: Listed; readonly place: string } {
  const { success, data, error } = listedForm.safeParse(given)
  const place = `${given.list} ${nameOf(given)}`
  if (success) return { listed: data, place }
  const [{ path = [], message = '' } = {}] = error.issues
  throw new TransferError(`${place}: ${path.slice(1).join('.')}: ${message}`)
}

function nameOf({ record }: Listed): string {
  if ('id' in record) return record.id
  if ('seq' in record) return `${record.sessionId} ${record.seq}`
  return 'hash' in record ? record.hash : record.tool
}
