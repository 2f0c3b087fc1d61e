import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'

/** A position for a value: an argument, or a field of an input object in an argument or in a list. */
export interface InputPosition {
  /** Such as `mutation startChat: input.text`. */
  readonly name: string
  /** Such as `Mutation.startChat`. */
  readonly field: string
  readonly kind: 'query' | 'mutation' | 'subscription'
  /** The path from the arguments of the field to the value. In a list, it leads to the first element. */
  readonly path: InputPath
  readonly type: GraphQLInputType
  /** An operation with the field, and one variable for each argument with the argument's name. */
  readonly operation: string
}

export type InputPath = readonly (string | number)[]

/**
 * Selections that lead to fields with arguments below the root types. A type that is not listed here
 * fails the tests as soon as one of its fields has an argument.
 */
export type SelectionWrappers = Readonly<Record<string, (selection: string) => string>>

/** All positions of a schema, in the order of its printed form. */
export function listInputPositions(schema: GraphQLSchema, wrappers: SelectionWrappers): InputPosition[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || isIntrospectionType(type)) return []
    const fields = Object.values(type.getFields()).filter(({ args }) => args.length > 0)
    return fields.flatMap((field) => listFieldPositions(schema, type, field, wrappers))
  })
}

function listFieldPositions(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  wrappers: SelectionWrappers,
): InputPosition[] {
  const roots = new Map([
    [schema.getQueryType(), 'query'],
    [schema.getMutationType(), 'mutation'],
    [schema.getSubscriptionType(), 'subscription'],
  ] as const)
  const kind = roots.get(type)
  const wrap = kind ? (selection: string) => selection : wrappers[type.name]
  if (!wrap) throw new Error(`There is no selection for ${type.name}.${field.name}. Add one.`)

  const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')
  const args = field.args.map(({ name }) => `${name}: $${name}`).join(', ')
  const operation = `${kind ?? 'query'} (${declared}) { ${wrap(`${field.name}(${args}) ${buildMinimalSelection(field.type)}`)} }`
  const newPosition = (path: InputPath, of: GraphQLInputType): InputPosition => ({
    name: `${kind ?? type.name} ${field.name}: ${path.join('.')}`,
    field: `${type.name}.${field.name}`,
    kind: kind ?? 'query',
    path,
    type: of,
    operation,
  })
  return field.args.flatMap((arg) => [
    newPosition([arg.name], arg.type),
    ...listInputFields(arg.type).map(([path, of]) => newPosition([arg.name, ...path], of)),
  ])
}

/** A minimal selection that shows whether a page is empty, or nothing is counted. */
function buildMinimalSelection(type: GraphQLOutputType): string {
  const named = getNamedType(type)
  if (isObjectType(named) && 'edges' in named.getFields()) return '{ edges { __typename } }'
  if (named.name === 'ConversationCounts') return '{ channels { count } }'
  return isCompositeType(named) ? '{ __typename }' : ''
}

/** The fields of an input object or of a list of them, including nested ones. */
function listInputFields(type: GraphQLInputType): [path: InputPath, type: GraphQLInputType][] {
  const object = isNonNullType(type) ? type.ofType : type
  if (isListType(object)) return listInputFields(object.ofType).map(([path, of]) => [[0, ...path], of])
  if (!isInputObjectType(object)) return []
  const all: [InputPath, GraphQLInputType][] = []
  for (const { name, type: of } of Object.values(object.getFields())) {
    all.push([[name], of])
    for (const [path, inner] of listInputFields(of)) all.push([[name, ...path], inner])
  }
  return all
}

/** Replaces the value at a position. Creates missing objects on the path. */
export function withValue(variables: object, [first, ...rest]: InputPath, value: unknown): object {
  if (first === undefined) return variables
  const before: unknown = Object.entries(variables).find(([name]) => name === `${first}`)?.[1]
  const inner = typeof before === 'object' && before !== null ? before : {}
  const changed = rest.length === 0 ? value : withValue(inner, rest, value)
  if (Array.isArray(variables) && typeof first === 'number') return variables.with(first, changed)
  return { ...variables, [first]: changed }
}
