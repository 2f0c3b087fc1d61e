import type { Json, JsonObject, ToolCall } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import type { DecisionDraft } from '../draft/decision-drafts.ts'
import { formatJson, parseArgumentsText } from './tool-arguments.ts'

const maxFields = 12

/** An argument that is edited in a field of its own. */
export interface ArgumentField {
  readonly name: string
  readonly kind: 'text' | 'number' | 'boolean'
  readonly original: string | number | bigint | boolean
  /** As it is in the draft. Of a boolean, `true` or `false`. */
  readonly text: string
  readonly error: string | null
}

/** How the arguments are edited. */
export type ArgumentEdit =
  | { readonly mode: 'none' }
  | { readonly mode: 'fields'; readonly fields: readonly ArgumentField[] }
  | { readonly mode: 'json'; readonly text: string; readonly error: string | null }

/** The names of the fields of a draft that an edit of arguments has. */
export const argumentDraft = { mode: 'arguments', json: 'arguments.json', field: (name: string) => `argument:${name}` }

/** Whether each argument is a text, a number or a boolean, so that a field shows all of it. */
export function areFlat(values: JsonObject): boolean {
  const all = Object.values(values)
  return all.length > 0 && all.length <= maxFields && all.every((value) => toKind(value) !== null)
}

/** Whether values can be edited in the fields of the arguments that the model wrote. */
export function canEditAsFields(original: JsonObject | null, values: JsonObject): boolean {
  if (original === null || !areFlat(original) || Object.keys(values).length !== Object.keys(original).length)
    return false
  return Object.entries(original).every(([name, value]) => {
    const other = values[name]
    return other !== undefined && toKind(other) === toKind(value)
  })
}

export function readArgumentEdit(call: ToolCall, original: JsonObject | null, draft: DecisionDraft): ArgumentEdit {
  const mode = draft[argumentDraft.mode]
  if (mode === 'fields' && original) {
    const fields = Object.entries(original).flatMap(([name, value]) => toField(name, value, draft) ?? [])
    return { mode, fields }
  }
  if (mode !== 'json') return { mode: 'none' }
  const text = draft[argumentDraft.json] ?? (original ? formatJson(original) : call.argumentsText)
  return { mode, text, error: parseArgumentsText(call, text) ? null : strings.decisions.invalidJson }
}

export function hasError(edit: ArgumentEdit): boolean {
  return edit.mode === 'fields' ? edit.fields.some(({ error }) => error !== null) : edit.mode === 'json' && !!edit.error
}

/** What the tool is to run with. Null if it is what the model wrote, or if the edit has an error. */
export function toEditedArguments(call: ToolCall, original: JsonObject | null, edit: ArgumentEdit): JsonObject | null {
  if (edit.mode === 'none' || hasError(edit)) return null
  const edited =
    edit.mode === 'json'
      ? parseArgumentsText(call, edit.text)
      : Object.fromEntries(edit.fields.map((field): [string, Json] => [field.name, toValue(field)]))
  return edited && original && formatJson(edited) === formatJson(original) ? null : edited
}

function toField(name: string, original: Json, draft: DecisionDraft): ArgumentField | null {
  const kind = toKind(original)
  if (kind === null || original === null || typeof original === 'object') return null
  const text = draft[argumentDraft.field(name)] ?? String(original)
  const isWrong = kind === 'number' && (text.trim() === '' || !Number.isFinite(Number(text)))
  return { name, kind, original, text, error: isWrong ? strings.decisions.invalidNumber : null }
}

function toKind(value: Json): ArgumentField['kind'] | null {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'number' || typeof value === 'bigint' ? 'number' : null
}

function toValue({ kind, original, text }: ArgumentField): Json {
  if (text === String(original)) return original
  if (kind === 'boolean') return text === 'true'
  if (kind === 'text') return text
  const value = Number(text)
  return /^\s*-?\d+\s*$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text.trim()) : value
}
