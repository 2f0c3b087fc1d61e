import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'

/** Whether an object is an entity, which caches keep under its type and id. */
function isEntityType(type: GraphQLNamedType): boolean {
  return !isLeafType(type) && 'getFields' in type && 'id' in type.getFields()
}

/**
 * A selection set with every field of a type that needs no argument: all values, all objects without id, and entities down
 * to `depth` levels; below that, their ids. Connections are left out, because caches keep one for each of its arguments.
 */
export function selectEverything(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  if (isAbstractType(type)) {
    const fragments = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${selectFields(schema, each, depth)}`)
    return `{ __typename ${fragments.join(' ')} }`
  }
  if (!isObjectType(type)) throw new Error(`${type.name} has no fields.`)
  return selectFields(schema, type, depth)
}

function selectFields(schema: GraphQLSchema, type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields())
    .filter((field) => !field.args.some(isRequiredArgument))
    .map((field) => selectField(schema, field, depth))
  return `{ __typename ${fields.join(' ')} }`
}

function selectField(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type)
  if (isLeafType(type)) return field.name
  if (type.name.endsWith('Connection')) return ''
  if (!isEntityType(type)) return `${field.name} ${selectEverything(schema, type, depth)}`
  return `${field.name} ${depth > 1 ? selectEverything(schema, type, depth - 1) : '{ __typename id }'}`
}

/** The types of objects without id, which a cache keeps within the entity that holds them. */
export function listEmbeddedTypeNames(schema: GraphQLSchema): string[] {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !roots.has(type) && !type.name.startsWith('__') && !isEntityType(type))
    .map(toName)
}

/** The names of the types of each interface and union. */
export function listPossibleTypes(schema: GraphQLSchema): Readonly<Record<string, string[]>> {
  const abstractTypes = Object.values(schema.getTypeMap()).filter(isAbstractType)
  return Object.fromEntries(abstractTypes.map((type) => [type.name, schema.getPossibleTypes(type).map(toName)]))
}

/** The fields of each entity that are lists of objects. */
export function listListFields(schema: GraphQLSchema): ReadonlyMap<string, readonly string[]> {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType).filter(isEntityType)
  return new Map(types.map((type) => [type.name, Object.values(type.getFields()).filter(isListField).map(toName)]))
}

function isListField({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(type)) && !isLeafType(getNamedType(type))
}

const toName = ({ name }: { readonly name: string }): string => name
