import { closeSync, openSync, readSync } from 'node:fs'
import { format, type Listed, listedForm, type ListName, listNames, version } from './document-schema.ts'
import { JsonPiecesError, type More, type Piece, piecesOf } from './json-stream.ts'
import { TransferError } from './transfer-error.ts'

/** Where in a file a record stands, for whoever has to find it: a line, and a path. */
export interface Place {
  readonly place: string
}

/** What stands before the lists. */
const headNames = ['format', 'version']
/** What stands behind them: the fingerprint of all records. */
const tailName = 'sha256'

/**
 * The records of a document in a file, in the order in which they stand there, each in the right form; no more than one
 * is held at a time. With `wanted`, those of these lists alone. `onFingerprint` is told what the document says that its
 * fingerprint is. Throws a `TransferError` that says where the file is damaged, of a newer version, or no document at all.
 */
export function* recordsIn(
  path: string,
  wanted: readonly ListName[] = listNames,
  onFingerprint: (sha256: unknown) => void = () => undefined,
): Generator<Listed & Place, void, void> {
  const descriptor = opened(path)
  try {
    yield* records(pieces(path, descriptor), path, wanted, onFingerprint)
  } finally {
    closeSync(descriptor)
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw new TransferError(`${path}: it can't be read (${reasonOf(error)})`)
  }
}

function* pieces(path: string, descriptor: number): Generator<Piece, void, void> {
  try {
    yield* piecesOf(textIn(descriptor))
  } catch (error) {
    if (error instanceof TransferError) throw error
    if (error instanceof JsonPiecesError) throw new TransferError(`${path}: line ${error.line}: ${error.message}`)
    throw new TransferError(`${path}: it can't be read (${reasonOf(error)})`)
  }
}

/** Its text as UTF-8, piece by piece; a byte order mark is left out. */
function textIn(descriptor: number): More {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let isOver = false
  return (units) => {
    if (isOver) return null
    const bytes = Buffer.allocUnsafe(units)
    const length = readSync(descriptor, bytes)
    isOver = length === 0
    return decoder.decode(bytes.subarray(0, length), { stream: !isOver })
  }
}

function* records(
  all: Iterable<Piece>,
  path: string,
  wanted: readonly ListName[],
  onFingerprint: (sha256: unknown) => void,
): Generator<Listed & Place> {
  const expected = [...headNames, ...listNames, tailName]
  let at = -1
  for (const { member, index, value, line } of all) {
    const place = `${path}: line ${line}: ${member}${index === null ? '' : ` ${index + 1}`}`
    if (index === null || index === 0) checkOrder(member, expected[(at += 1)], at, place)
    if (at < headNames.length) checkHead(member, value, place)
    else if (member === tailName) onFingerprint(value)
    else if (index !== null && wanted.some((name) => name === member)) yield { ...listed(member, value, place), place }
    else if (index === null && !Array.isArray(value)) throw new TransferError(`${place}: it has to be a list`)
  }
  const missing = expected[at + 1]
  if (missing !== undefined) throw new TransferError(at < 0 ? foreign(path) : `${path}: it has no ${missing}`)
}

function checkOrder(member: string, expected: string | undefined, at: number, place: string): void {
  if (member === expected) return
  if (at === 0) throw new TransferError(foreign(place))
  const instead = expected === undefined ? 'the document is over' : `${expected} should be`
  throw new TransferError(`${place}: it stands where ${instead}`)
}

const foreign = (place: string): string => `${place}: this is no conversation that Segue has exported`

function checkHead(member: string, value: unknown, place: string): void {
  if (member === 'format' && value !== format) throw new TransferError(foreign(place))
  if (member !== 'version' || value === version) return
  if (typeof value !== 'number' || value < version) throw new TransferError(`${place}: it has to be ${version}`)
  const known = `this Segue knows versions up to ${version}`
  throw new TransferError(`${place}: the document has version ${value}, ${known}. Import it with the newer Segue.`)
}

function listed(list: string, record: unknown, place: string): Listed {
  const { success, data, error } = listedForm.safeParse({ list, record })
  if (success) return data
  const problems = error.issues.map(({ path: [, ...path], message }) => [path.join('.'), message])
  throw new TransferError([place, ...(problems[0] ?? [])].filter((part) => part !== '').join(': '))
}

function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return 'it is not written in UTF-8'
  if (error instanceof RangeError) return 'a value in it is too long'
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
