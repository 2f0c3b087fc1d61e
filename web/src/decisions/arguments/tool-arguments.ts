import { type Json, type JsonObject, parseToolCallArguments, type ToolCall } from 'segue-client'

/** The arguments of a call. Null if they are not an object. */
export function readToolArguments(call: ToolCall): JsonObject | null {
  const value = parseToolCallArguments({ ...call, argumentsWhole: true })
  return isJsonObject(value) ? value : null
}

/** The object in a text, with exact numbers. Null if there is none. */
export function parseArgumentsText(call: ToolCall, argumentsText: string): JsonObject | null {
  return argumentsText.trim() === '' ? null : readToolArguments({ ...call, argumentsText })
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON over several lines. Integers keep all their digits. */
export function formatJson(value: Json | JsonObject, indent = 2): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? toRawJson(each) : each), indent)
}

/** The same values, for what serializes them as JSON itself: it cannot do so with bigints. */
export function toSendableArguments(values: JsonObject): JsonObject {
  return JSON.parse(formatJson(values), keepDigits)
}

function keepDigits(_: string, value: unknown, { source = '' }: { readonly source?: string } = {}): unknown {
  const losesDigits = typeof value === 'number' && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
  return losesDigits ? toRawJson(BigInt(source)) : value
}

function toRawJson(value: bigint): unknown {
  return typeof JSON.rawJSON === 'function' ? JSON.rawJSON(String(value)) : Number(value)
}

/** A value as it is read: texts as they are, everything else as JSON. */
export function formatArgument(value: Json): string {
  return typeof value === 'string' ? value : formatJson(value)
}
