import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import { hostileTexts, textsByName } from './hostile-texts.ts'
import type { KnownValues } from './known-values.ts'

/** A value as in JSON, or the name of an enum value. */
export type InputValue = null | boolean | number | string | EnumName | readonly InputValue[] | InputObject
export interface InputObject {
  readonly [name: string]: InputValue
}

/** The name of an enum value: a text in variables, a name in a document. */
export class EnumName {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  toJSON(): string {
    return this.name
  }
}

const integers = [0, 1, 2, 3, 5, 20, 50, 1000, 1001, -1, 2_147_483_647, -2_147_483_648]
const wrongIntegers = [2_147_483_648, 1.5, 9_007_199_254_740_992, 1e100]
const dates = [
  '2026-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  'today',
]

/** Makes random values of input types: most are valid, some almost, and some have a wrong type. */
export class ValueGenerator {
  readonly #random: SeededRandom
  readonly #known: KnownValues

  constructor(random: SeededRandom, known: KnownValues) {
    this.#random = random
    this.#known = known
  }

  /** @param name The name of the argument or field. @param depth How many input objects the value is in. */
  make(type: GraphQLInputType, name: string, depth = 0): InputValue {
    const random = this.#random
    if (random.chance(0.004)) return random.pick([null, [], {}, 'wrong', 7, true])
    if (isNonNullType(type)) return this.#makeNonNull(type.ofType, name, depth)
    return random.chance(0.1) ? null : this.#makeNonNull(type, name, depth)
  }

  #makeNonNull(type: GraphQLInputType, name: string, depth: number): InputValue {
    const random = this.#random
    if (isNonNullType(type)) return this.#makeNonNull(type.ofType, name, depth)
    if (isListType(type)) {
      const { ofType } = type
      return Array.from({ length: random.between(0, random.chance(0.02) ? 300 : 3) }, () =>
        this.make(ofType, name, depth),
      )
    }
    if (isEnumType(type)) return new EnumName(random.pick(type.getValues()).name)
    if (isInputObjectType(type)) return this.#makeObject(type, depth)
    return this.#makeScalar(type.name, name)
  }

  #makeObject(type: GraphQLInputObjectType, depth: number): InputValue {
    const random = this.#random
    const fields = Object.values(type.getFields())
    const isChosen = type.isOneOf ? random.pick(fields) : null
    const entries = fields
      .filter((field) =>
        isChosen ? field === isChosen : isNonNullType(field.type) || random.chance(depth > 2 ? 0.05 : 0.3),
      )
      .map((field) => [field.name, this.make(field.type, field.name, depth + 1)] as const)
    return Object.fromEntries(entries)
  }

  #makeScalar(typeName: string, name: string): InputValue {
    const random = this.#random
    if (typeName === 'Boolean') return random.chance(0.5)
    if (typeName === 'Int' || typeName === 'SafeInt') return random.pick(random.chance(0.97) ? integers : wrongIntegers)
    if (typeName === 'Float') return random.pick([0, 0.5, -1, 1e308, 5e-324, 3])
    if (typeName === 'DateTime') return random.pick(dates)
    if (typeName === 'JSON') return this.#makeJson(0)
    return this.#makeText(typeName, name)
  }

  #makeText(typeName: string, name: string): string {
    const random = this.#random
    if (random.chance(0.1)) return random.pick(hostileTexts)
    const known = textsByName[name]
    if (known) return random.pick(known)
    if (typeName === 'ID') return this.#known.pickId(random, name)
    if (name === 'url' && random.chance(0.7)) return this.#known.pickUrl(random)
    if (name === 'after' || name === 'before') return this.#known.pickCursor(random)
    return random.pick(hostileTexts)
  }

  #makeJson(depth: number): InputValue {
    const random = this.#random
    if (depth > 4 || random.chance(0.4)) return random.pick([null, true, 0, -1, 1e100, ...hostileTexts.slice(0, 12)])
    const items = Array.from({ length: random.between(0, 4) }, () => this.#makeJson(depth + 1))
    if (random.chance(0.5)) return items
    return Object.fromEntries(items.map((item) => [random.pick(['a', 'name', '__proto__', '', 'toJSON']), item]))
  }
}

/** Writes a value as a literal of a document. */
export function printInputValue(value: InputValue): string {
  if (value instanceof EnumName) return value.name
  if (Array.isArray(value)) return `[${value.map(printInputValue).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, item]) => `${name || '_'}: ${printInputValue(item)}`)
  return `{${fields.join(', ')}}`
}
