import type { OpaqueProviderFields } from './part-opaque-state.ts'

type StateValue = OpaqueProviderFields[string]

/** Fields of an item that grow while it streams. All others are complete when they come. */
const growingFields: ReadonlySet<string> = new Set(['text', 'summary', 'thinking'])

/**
 * The value of a field after one more piece of it: items of a list, whose texts may come in pieces, or a whole value. It joins
 * the `reasoning_details` of OpenRouter and the `thinking_blocks` of LiteLLM.
 */
export function mergeOpaqueStateField(earlier: StateValue | undefined, piece: StateValue): StateValue {
  if (Array.isArray(piece)) return piece.reduce<StateValue[]>(addItem, Array.isArray(earlier) ? [...earlier] : [])
  return isFields(earlier) && isFields(piece) ? { ...earlier, ...piece } : piece
}

function addItem(items: StateValue[], item: StateValue): StateValue[] {
  const last = items.at(-1)
  return isFields(last) && isFields(item) && continuesItem(last, item)
    ? [...items.slice(0, -1), joinItems(last, item)]
    : [...items, item]
}

function continuesItem(last: OpaqueProviderFields, item: OpaqueProviderFields): boolean {
  const grows = [...growingFields].some((field) => field in item) && [...growingFields].some((field) => field in last)
  return grows && ['type', 'index', 'id'].every((field) => isUnsetOrEqual(last[field], item[field])) && !isSigned(last)
}

/** The signature ends a block. */
function isSigned({ signature }: OpaqueProviderFields): boolean {
  return typeof signature === 'string' && signature !== ''
}

function isUnsetOrEqual(a: StateValue | undefined, b: StateValue | undefined): boolean {
  return a === undefined || a === null || b === undefined || b === null || a === b
}

function joinItems(last: OpaqueProviderFields, item: OpaqueProviderFields): OpaqueProviderFields {
  const joined = { ...last }
  for (const [field, value] of Object.entries(item)) {
    const before = last[field]
    if (growingFields.has(field) && typeof before === 'string' && typeof value === 'string')
      joined[field] = before + value
    else if (value !== null && value !== '') joined[field] = value
  }
  return joined
}

function isFields(value: StateValue | undefined): value is OpaqueProviderFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
