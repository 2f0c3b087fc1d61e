import { turnScheduler } from '../event-loop/turn-scheduler.ts'

/** A value with fewer nodes, and with less text, is written at once. */
export const maxNodesAtOnce = 20_000
export const maxLengthAtOnce = 262_144

/** What is written is handed on in pieces of about this length, in UTF-16 code units. */
const pieceLength = 65_536

/** Whether `JSON.stringify` can write a value in a moment. The cost of the answer does not depend on the value's size. */
export function isSmallJson(value: unknown): boolean {
  return isMarkedAsSmall(value) || measure(value, { nodes: maxNodesAtOnce, length: maxLengthAtOnce })
}

const smallValues = new WeakSet()

/** Says of a value that `isSmallJson` need not look at it, because who made it has counted its nodes and its text. */
export function markAsSmallJson(value: object): void {
  smallValues.add(value)
}

function isMarkedAsSmall(value: unknown): boolean {
  return typeof value === 'object' && value !== null && smallValues.has(value)
}

/**
 * Writes a value as `JSON.stringify` does, as UTF-8 in pieces, and yields to the event loop in between. The pieces are never
 * joined: it would take long, and so would the garbage of it. For results of operations: plain objects and arrays, and leaves
 * of any kind.
 */
export async function* encodeJsonInSteps(value: unknown): AsyncGenerator<Buffer, void, void> {
  let piece = ''
  for (const part of listParts(value)) {
    piece += part
    if (piece.length < pieceLength) continue
    yield Buffer.from(piece)
    piece = ''
    if (turnScheduler.mustWait()) await turnScheduler.wait()
  }
  if (piece !== '') yield Buffer.from(piece)
}

function* listParts(value: unknown): Generator<string, void, void> {
  if (typeof value === 'string' && value.length > maxLengthAtOnce) return yield* listTextParts(value)
  if (!isContainer(value) || isSmallJson(value)) {
    yield JSON.stringify(value) ?? 'null'
    return
  }
  const isList = Array.isArray(value)
  let separator = isList ? '[' : '{'
  for (const [key, item] of Object.entries(value)) {
    if (!isList && item === undefined) continue
    yield isList ? separator : `${separator}${JSON.stringify(key)}:`
    yield* listParts(item)
    separator = ','
  }
  yield `${separator === ',' ? '' : separator}${isList ? ']' : '}'}`
}

function* listTextParts(text: string): Generator<string, void, void> {
  yield '"'
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = Math.min(start + pieceLength, text.length)
    // A surrogate without its other half would be written as an escape.
    if (isLeadingSurrogate(text.charCodeAt(end - 1)) && end < text.length) end -= 1
    yield JSON.stringify(text.slice(start, end)).slice(1, -1)
  }
  yield '"'
}

function isLeadingSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff
}

function measure(value: unknown, budget: { nodes: number; length: number }): boolean {
  budget.nodes -= 1
  if (typeof value === 'string') budget.length -= value.length
  if (budget.nodes < 0 || budget.length < 0) return false
  if (!isContainer(value)) return true
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (!measure(item, budget)) return false
  return true
}

/** Other objects write themselves: errors, and numbers with all their digits. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || (prototype === null && !('rawJSON' in value))
}
