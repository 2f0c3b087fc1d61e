import type { Json, JsonObject } from 'segue-client'
import { formatJson, isJsonObject } from '../arguments/tool-arguments.ts'

export interface FormOption {
  readonly value: Json
  readonly label: string
}

/** One value that a form asks for. */
export interface FormField {
  readonly name: string
  readonly label: string
  readonly hint: string | null
  readonly isRequired: boolean
  /** `json`: of a shape that no other control has. `choices`: several of the options. */
  readonly kind: 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'choices' | 'json'
  /** Of texts: email, uri, date or date-time. */
  readonly format: string | null
  /** Of `choice` and `choices`. */
  readonly options: readonly FormOption[]
  /** The text of the control before anything was entered: the default of the schema. Of `choices`, a JSON array of indexes. */
  readonly initialText: string
  readonly schema: JsonObject
}

/** The name of the field of a draft that has a value of the form. */
export const valueDraft = (name: string): string => `value:${name}`

/** The fields of a form's JSON Schema, in its order. */
export function toFormFields(form: JsonObject): FormField[] {
  const properties = isJsonObject(form['properties']) ? form['properties'] : {}
  const required = Array.isArray(form['required']) ? form['required'] : []
  return Object.entries(properties).map(([name, property]) => {
    const schema = isJsonObject(property) ? property : {}
    const kind = toKind(schema)
    const options = toOptions(kind === 'choices' && isJsonObject(schema['items']) ? schema['items'] : schema)
    return {
      name,
      kind,
      options,
      schema,
      label: toText(schema['title']) ?? name,
      hint: toText(schema['description']),
      isRequired: required.includes(name),
      format: toText(schema['format']),
      initialText: toInitialText(kind, options, schema['default']),
    }
  })
}

function toKind(schema: JsonObject): FormField['kind'] {
  if (toOptions(schema).length > 0) return 'choice'
  switch (schema['type']) {
    case 'string':
      return 'text'
    case 'number':
    case 'integer':
    case 'boolean':
      return schema['type']
    case 'array':
      return isJsonObject(schema['items']) && toOptions(schema['items']).length > 0 ? 'choices' : 'json'
    default:
      return 'json'
  }
}

/** Choices are an `enum`, with names beside it, or constants with titles. */
function toOptions(schema: JsonObject): FormOption[] {
  const { enum: values, enumNames: names, oneOf, anyOf } = schema
  if (Array.isArray(values)) {
    const labels = Array.isArray(names) ? names : []
    return values.map((value, index) => ({ value, label: toText(labels[index]) ?? toLabel(value) }))
  }
  const constants = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : []
  const options = constants.flatMap((each) =>
    isJsonObject(each) && each['const'] !== undefined
      ? [{ value: each['const'], label: toText(each['title']) ?? toLabel(each['const']) }]
      : [],
  )
  return options.length === constants.length ? options : []
}

function toInitialText(kind: FormField['kind'], options: readonly FormOption[], value: Json | undefined): string {
  if (kind === 'choice') return toIndexText(options, value)
  if (kind === 'choices') {
    const chosen = Array.isArray(value) ? value.map((each) => toIndexText(options, each)).filter(Boolean) : []
    return JSON.stringify(chosen.map(Number))
  }
  if (kind === 'boolean') return String(value === true)
  return value === undefined ? '' : toLabel(value)
}

function toIndexText(options: readonly FormOption[], value: Json | undefined): string {
  const index = value === undefined ? -1 : options.findIndex((option) => option.value === value)
  return index < 0 ? '' : String(index)
}

function toText(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function toLabel(value: Json): string {
  return typeof value === 'string' ? value : formatJson(value)
}
