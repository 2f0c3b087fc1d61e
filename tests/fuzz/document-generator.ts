import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isNonNullType,
  isUnionType,
  OperationTypeNode,
} from 'graphql'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import { type InputValue, printInputValue, type ValueGenerator } from './value-generator.ts'

/** An operation as a client has it. */
export interface FuzzOperation {
  readonly type: OperationTypeNode
  readonly query: string
  readonly variables: unknown
  readonly operationName?: unknown
}

export interface DocumentGeneratorOptions {
  readonly schema: GraphQLSchema
  readonly random: SeededRandom
  readonly values: ValueGenerator
}

/** Makes random documents that select what the schema has. One instance makes one document. */
export class DocumentGenerator {
  readonly #options: DocumentGeneratorOptions
  readonly #variables = new Map<string, { readonly type: string; readonly value: InputValue }>()
  readonly #fragments: string[] = []
  #aliases = 0

  constructor(options: DocumentGeneratorOptions) {
    this.#options = options
  }

  make(type: OperationTypeNode, mayUse: (rootField: string) => boolean): FuzzOperation {
    const { random, schema } = this.#options
    const rootType = schema.getRootType(type)
    if (!rootType) throw new TypeError(`The schema has no ${type}.`)
    const fields = Object.values(rootType.getFields()).filter(({ name }) => mayUse(name))
    const count = type === OperationTypeNode.SUBSCRIPTION ? 1 : random.between(1, random.chance(0.2) ? 5 : 2)
    const selections = Array.from({ length: count }, () => this.#writeField(random.pick(fields), random.between(1, 6)))
    const definitions = [...this.#variables].map(([name, variable]) => `$${name}: ${variable.type}`)
    const head = `${type} Fuzz${definitions.length > 0 ? `(${definitions.join(', ')})` : ''}`
    return {
      type,
      query: [`${head} { ${selections.join(' ')} }`, ...this.#fragments].join('\n'),
      variables: JSON.parse(
        JSON.stringify(Object.fromEntries([...this.#variables].map(([name, { value }]) => [name, value]))),
      ),
    }
  }

  #writeField(field: GraphQLField<unknown, unknown>, depth: number): string {
    const { random } = this.#options
    const type = getNamedType(field.type)
    const args = field.args.flatMap((argument) => this.#writeArgument(argument, type.name))
    // With arguments, a second selection of the field under the same name would be a conflict.
    const alias = field.args.length > 0 || random.chance(0.1) ? `a${(this.#aliases += 1)}: ` : ''
    const selection = isCompositeType(type) ? ` ${this.#writeSelectionSet(type, depth - 1)}` : ''
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${this.#writeDirectives()}${selection}`
  }

  #writeArgument(argument: GraphQLArgument, fieldType: string): string[] {
    const { random, values } = this.#options
    const isRequired = isNonNullType(argument.type) && argument.defaultValue === undefined
    if (!isRequired && random.chance(0.5)) return []
    const value = values.make(argument.type, argument.name === 'id' ? `${fieldType}Id` : argument.name)
    if (random.chance(0.5)) return [`${argument.name}: ${printInputValue(value)}`]
    return [`${argument.name}: $${this.#addVariable(String(argument.type), value)}`]
  }

  #addVariable(type: string, value: InputValue): string {
    const name = `v${this.#variables.size}`
    this.#variables.set(name, { type, value })
    return name
  }

  #writeDirectives(): string {
    const { random } = this.#options
    if (random.chance(0.94)) return ''
    const condition = random.chance(0.5)
      ? String(random.chance(0.5))
      : `$${this.#addVariable('Boolean!', random.chance(0.5))}`
    return ` @${random.pick(['skip', 'include'])}(if: ${condition})`
  }

  #writeSelectionSet(type: GraphQLCompositeType, depth: number): string {
    const { random, schema } = this.#options
    const parts: string[] = isAbstractType(type) || random.chance(0.1) ? ['__typename'] : []
    if (!isUnionType(type)) parts.push(...this.#writeFields(type, depth))
    if (isAbstractType(type) && depth > 0) {
      for (let count = random.between(0, 2); count > 0; count -= 1)
        parts.push(this.#writeFragment(random.pick(schema.getPossibleTypes(type)), depth - 1))
    } else if (depth > 1 && random.chance(0.06)) parts.push(this.#writeFragment(type, depth - 1))
    return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`
  }

  #writeFields(type: Exclude<GraphQLCompositeType, { getTypes: unknown }>, depth: number): string[] {
    const { random } = this.#options
    const fields = Object.values(type.getFields())
    const usable = depth > 0 ? fields : fields.filter((field) => isLeafType(getNamedType(field.type)))
    // Pages and single objects lead on; the more fields there are, the fewer are chosen of them.
    const probability = Math.min(1, 4 / Math.max(1, usable.length))
    const chosen = usable.filter(({ name }) => (name === 'id' && random.chance(0.7)) || random.chance(probability))
    return chosen.map((field) => this.#writeField(field, depth))
  }

  #writeFragment(type: GraphQLObjectType | GraphQLCompositeType, depth: number): string {
    const { random } = this.#options
    const selectionSet = this.#writeSelectionSet(type, depth)
    if (random.chance(0.6)) return `... on ${type.name}${this.#writeDirectives()} ${selectionSet}`
    const name = `F${this.#fragments.length}`
    this.#fragments.push(`fragment ${name} on ${type.name} ${selectionSet}`)
    return `...${name}${this.#writeDirectives()}`
  }
}
