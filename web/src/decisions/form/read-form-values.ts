import type { Json, JsonObject } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import type { DecisionDraft } from '../draft/decision-drafts.ts'
import { checkFormValue } from './check-form-value.ts'
import { type FormField, valueDraft } from './form-field.ts'

export interface FormValues {
  /** To send. Null while something is wrong. */
  readonly values: JsonObject | null
  /** What is wrong, by the names of the fields. */
  readonly errors: ReadonlyMap<string, string>
}

/** The values that were entered into a form. What was left empty is left out, unless it is required. */
export function readFormValues(fields: readonly FormField[], draft: DecisionDraft): FormValues {
  const errors = new Map<string, string>()
  const values: [string, Json][] = []
  for (const field of fields) {
    const value = readValue(field, draft[valueDraft(field.name)] ?? field.initialText)
    if (value === undefined) {
      if (field.isRequired) errors.set(field.name, strings.decisions.fields.missing)
      continue
    }
    const error = checkFormValue(field, value)
    if (error === null) values.push([field.name, value])
    else errors.set(field.name, error)
  }
  return { values: errors.size > 0 ? null : Object.fromEntries(values), errors }
}

/** The indexes of the chosen options. */
export function readChosenIndexes(text: string): number[] {
  const value = parseJson(text)
  return Array.isArray(value) ? value.filter((each) => typeof each === 'number') : []
}

/** Undefined if nothing was entered. Text that is no value of its kind is returned as it is. */
function readValue({ kind, options, format, isRequired }: FormField, text: string): Json | undefined {
  if (kind === 'boolean') return text === 'true'
  if (kind === 'choices') {
    const chosen = readChosenIndexes(text).flatMap((index) => (options[index] ? [options[index].value] : []))
    return chosen.length > 0 || isRequired ? chosen : undefined
  }
  if (text.trim() === '') return undefined
  if (kind === 'choice') return options[Number(text)]?.value
  if (kind === 'number' || kind === 'integer') return Number.isFinite(Number(text)) ? Number(text) : text
  if (kind === 'json') return parseJson(text) ?? text
  return format === 'date-time' ? toDateTime(text) : text
}

/** Controls have local times without a zone; values have one. */
function toDateTime(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
