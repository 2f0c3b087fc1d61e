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

/** A place where a client gives a value: an argument, or a field of an input object in one, or in a list in one. */
export interface InputPosition {
  /** As in `mutation startChat: input.text`. */
  readonly name: string
  /** As in `Mutation.startChat`. */
  readonly field: string
  readonly kind: 'query' | 'mutation' | 'subscription'
  /** From the field's arguments to the value; of a list, the first one is meant. */
  readonly path: InputPath
  readonly type: GraphQLInputType
  /** An operation that asks for the field, with a variable of its own name for each of its arguments. */
  readonly operation: string
}

export type InputPath = readonly (string | number)[]

/**
 * How to get from the operation to the fields of types that have arguments below the top. A type that is not named here
 * fails the tests as soon as one of its fields has an argument.
 */
export type SelectionWrappers = Readonly<Record<string, (selection: string) => string>>

/** Every place of a schema, in the order in which it prints them. */
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
  if (!wrap) throw new Error(`it is not told how to ask for ${type.name}.${field.name}`)

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

/** As little as can be asked of a type, and enough to see whether a page is empty. */
function buildMinimalSelection(type: GraphQLOutputType): string {
  const named = getNamedType(type)
  if (isObjectType(named) && 'edges' in named.getFields()) return '{ edges { __typename } }'
  return isCompositeType(named) ? '{ __typename }' : ''
}

/** The fields of an input object, or of the objects in a list; those of the objects in it included. */
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

/** The variables with another value at a place, the objects on the way made where they are missing. */
export function withValue(variables: object, [first, ...rest]: InputPath, value: unknown): object {
  if (first === undefined) return variables
  const before: unknown = Object.entries(variables).find(([name]) => name === `${first}`)?.[1]
  const inner = typeof before === 'object' && before !== null ? before : {}
  const changed = rest.length === 0 ? value : withValue(inner, rest, value)
  if (Array.isArray(variables) && typeof first === 'number') return variables.with(first, changed)
  return { ...variables, [first]: changed }
}
