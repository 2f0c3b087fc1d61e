import { createHash } from 'node:crypto'
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { parseDataUrl } from '../../chat/attachments/data-url.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'

/**
 * What does not tell two calls apart: `key` names the call, `profile` selects where keys are kept, and the others say only
 * what happens in the meantime.
 */
const ignoredNames: ReadonlySet<string> = new Set(['key', 'profile', 'ifBusy', 'after'])

/**
 * The fingerprint of a call: equal for a field and equal arguments, after defaults, with null as left out, and files by
 * content. It is stored with the key of the call and outlives versions, so equal calls must keep their fingerprint: a new
 * argument that is left out must not change it.
 */
export function computeMutationFingerprint(
  fieldName: string,
  argumentTypes: readonly GraphQLArgument[],
  args: ReadonlyMap<string, unknown>,
): string {
  return `${fieldName}:${sha256Hex(JSON.stringify(normalizeFields(argumentTypes, args)))}`
}

/** Whether a fingerprint is that of a call of this field. */
export function isFingerprintOf(fieldName: string, fingerprint: string): boolean {
  return fingerprint.startsWith(`${fieldName}:`)
}

/** The fields that are given, by name, with their normalized values. */
function normalizeFields(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  values: ReadonlyMap<string, unknown>,
): unknown[] {
  return fields
    .filter(({ name }) => !ignoredNames.has(name) && (values.get(name) ?? null) !== null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type }) => [name, normalizeValue(type, values.get(name))])
}

function normalizeValue(type: GraphQLInputType, value: unknown): unknown {
  if (isNonNullType(type)) return normalizeValue(type.ofType, value)
  if (isListType(type) && Array.isArray(value)) return value.map((item) => normalizeValue(type.ofType, item))
  if (!isInputObjectType(type) || !isObject(value)) return normalizeJson(value)
  const values = new Map(Object.entries(value))
  if (type.name === 'FileInput') values.set('url', identifyContent(values.get('url')))
  return normalizeFields(Object.values(type.getFields()), values)
}

/** The members of objects in JSON have no order. Null is a value there. */
function normalizeJson(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'bigint') return { number: String(value) }
  if (Array.isArray(value)) return value.map(normalizeJson)
  if (!isObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { members: entries.map(([name, member]) => [name.toWellFormed(), normalizeJson(member)]) }
}

/** What a data URL holds, however it is written. The content of any other URL is not known. */
function identifyContent(url: unknown): unknown {
  const bytes = typeof url === 'string' ? parseDataUrl(url)?.bytes : null
  return bytes ? `sha256:${createHash('sha256').update(bytes).digest('hex')}` : url
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
