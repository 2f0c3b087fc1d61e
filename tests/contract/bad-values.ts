import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLNullableInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { Place } from './places.ts'

/** What has to come of a value: a refusal with this code, or nothing, as for an id of nothing in a query. */
export type Outcome = 'BAD_USER_INPUT' | 'NOT_FOUND' | 'TOO_LARGE' | 'nothing'

export interface BadValue {
  /** Undefined: it is left out. */
  readonly value: unknown
  readonly outcome: Outcome
}

/** Values of things that are there, as far as a bad value is made from a good one. */
export interface Known {
  readonly sessionId: string
  readonly streamId: string
  readonly sessionCursor: string
  readonly messageCursor: string
}

/** What cannot be given at a place, by its type and by what the schema says of it. */
export function badValuesFor(place: Place, known: Known): BadValue[] {
  const missing = isNonNullType(place.type) ? [null, undefined].map(bad) : []
  return [...missing, ...wrongTypes(place.type), ...wrongValues(place, known)]
}

const bad = (value: unknown): BadValue => ({ value, outcome: 'BAD_USER_INPUT' })
const nothing = (value: unknown): BadValue => ({ value, outcome: 'nothing' })

function wrongTypes(type: GraphQLInputType): BadValue[] {
  return wrongTypesOf(isNonNullType(type) ? type.ofType : type).map(bad)
}

function wrongTypesOf(type: GraphQLNullableInputType): unknown[] {
  if (isListType(type)) {
    const items = wrongTypes(type.ofType).map(({ value }) => [value])
    return [...items, ...(isNonNullType(type.ofType) ? [[null]] : [])]
  }
  if (isInputObjectType(type)) return ['text', 1, true, [], [{}, {}], { nobody: 1 }, JSON.parse('{"__proto__": {}}')]
  if (isEnumType(type)) return ['NOBODY', '', type.getValues()[0]?.name.toLowerCase(), 1, true, {}, []]
  switch (type.name) {
    case 'Int':
      return ['1', '', 1.5, true, 2 ** 31, -(2 ** 31) - 1, 1e300, {}, [1]]
    case 'Boolean':
      return ['true', 0, 1, {}, [true]]
    case 'String':
      return [1, 1.5, false, {}, ['text']]
    case 'ID':
      return [1.5, true, {}, ['id']]
    default:
      throw new Error(`it is not told what is wrong for ${type.name}`)
  }
}

const spoiled = ['\0', '\ud800', '\udc00a', 'a\n', 'x'.repeat(10_000)]

const unknownIds = [
  '',
  ' ',
  'nobody',
  'ses_00000000000000000000000000',
  'str_00000000000000000000000000',
  'msg_00000000000000000000000000',
  'ses_',
  '../x',
  "' OR 1=1 --",
  '%',
  'nobody:1',
  'nobody:99999999999999999999',
  1,
  -1,
  ...spoiled,
]

const profileNames = ['', ' ', 'a\n', '\n', '../x', '..', '.', 'Ä', 'A', '-a', '_a', 'a b', 'a/b', ' a', 'default\n']

const modelIds = [
  '',
  ' ',
  'test',
  'local',
  'local/',
  '/test',
  'local/nobody',
  'nobody/test',
  'LOCAL/test',
  'local/test ',
]

const encoded = (text: string): string => Buffer.from(text).toString('base64url')

const cursors = [
  '',
  ' ',
  'nobody',
  '1',
  ...['', 'null', '""', '[]', '{}', '[1]', '[1,2]', '["1","a"]', '[1.5,"a"]', '1.5', '1e999', '[1,"a",2]'].map(encoded),
  `${encoded('1')}=`,
  `${encoded('[1,"a"]')} `,
  ...spoiled,
]

/** What has the right type and is wrong all the same. Every place with a text, an id or a number needs a rule. */
function wrongValues({ name, field, path, type }: Place, known: Known): BadValue[] {
  const typeName = getNamedType(type).name
  switch (`${path.at(-1)}: ${typeName}`) {
    case 'first: Int':
    case 'last: Int':
      return [0, -1, 1001, 2 ** 31 - 1, -(2 ** 31)].map(bad)
    case 'after: Int':
      return [-1, -(2 ** 31)].map(bad)
    case 'after: String':
    case 'before: String':
      return [...cursors, field === 'Session.messages' ? known.sessionCursor : known.messageCursor].map(bad)
    case 'query: String':
      return ['', ' ', '"', '!?', '*', 'zzz', '"zzz', 'zzz AND (', 'Hello zzz', 'z'.repeat(10_000), '\0', '\ud800'].map(
        nothing,
      )
    case 'profile: String':
      return [...profileNames, ...spoiled, 'x'.repeat(65), ...(path[0] === 'input' ? ['work'] : [])].map(bad)
    case 'model: String':
      return [...modelIds, ...spoiled].map(bad)
    case 'title: String':
      return ['', ' ', '\n\t', '\0', 'x'.repeat(201)].map(bad)
    case 'key: String':
      return ['', 'x'.repeat(201), 'key \ud800', '\udc00'].map(bad)
    case 'text: String':
      return [...['', ' ', '\n\t', '\u00a0\u2003'].map(bad), { value: 'x'.repeat(1_000_001), outcome: 'TOO_LARGE' }]
    case 'ids: ID':
      return [
        bad(Array.from({ length: 1001 }, (_, index) => `${index}`)),
        { value: unknownIds, outcome: 'nothing' },
        { value: [], outcome: 'nothing' },
      ]
    case 'continues: ID':
      return unknownIdsFor(known.sessionId, 'BAD_USER_INPUT')
    case 'id: ID':
      return unknownIdsFor(field === 'Query.stream' ? known.streamId : known.sessionId, 'nothing')
    case 'sessionId: ID':
      return unknownIdsFor(known.sessionId, 'NOT_FOUND')
    case 'streamId: ID':
      return unknownIdsFor(known.streamId, 'NOT_FOUND')
    default:
      if (['String', 'ID', 'Int'].includes(typeName)) throw new Error(`it is not told what is wrong for ${name}`)
      return []
  }
}

/** Ids of nothing, those that are nearly one among them. */
function unknownIdsFor(id: string, outcome: Outcome): BadValue[] {
  const near = [`${id}\n`, `${id}\0`, ` ${id}`, id.toUpperCase(), id.slice(0, -1), `${id}:1`]
  return [...unknownIds, ...near].map((value) => ({ value, outcome }))
}
