import {
  getNamedType,
  type GraphQLNamedOutputType,
  type GraphQLSchema,
  isAbstractType,
  isNonNullType,
  isObjectType,
} from 'graphql'

/**
 * Selects all fields of a type without required arguments, and of the types below it, to a depth. By default each
 * field has an alias with the name of its type, so that fields with the same name do not conflict.
 */
export function buildDeepSelection(
  schema: GraphQLSchema,
  type: GraphQLNamedOutputType,
  depth: number,
  hasAliases = true,
): string {
  if (isAbstractType(type)) {
    const fragments = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${buildDeepSelection(schema, each, depth, hasAliases)}`)
    return `{ __typename ${fragments.join(' ')} }`
  }
  if (!isObjectType(type)) return ''
  const fields = Object.values(type.getFields()).flatMap((field) => {
    if (field.args.some((arg) => isNonNullType(arg.type))) return []
    const of = getNamedType(field.type)
    const isLeaf = !isObjectType(of) && !isAbstractType(of)
    if (!isLeaf && depth === 0) return []
    const alias = hasAliases ? `${type.name}_${field.name}: ` : ''
    return `${alias}${field.name} ${isLeaf ? '' : buildDeepSelection(schema, of, depth - 1, hasAliases)}`
  })
  return `{ __typename ${fields.join(' ')} }`
}
