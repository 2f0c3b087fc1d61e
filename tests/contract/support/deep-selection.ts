import {
  getNamedType,
  type GraphQLNamedOutputType,
  type GraphQLSchema,
  isAbstractType,
  isNonNullType,
  isObjectType,
} from 'graphql'

/**
 * Everything that can be asked of a type without an argument, and of what is reached through it, so many steps deep. Each
 * field has a name of its own type's, so that types with fields of one name can be asked at once.
 */
export function buildDeepSelection(schema: GraphQLSchema, type: GraphQLNamedOutputType, depth: number): string {
  if (isAbstractType(type)) {
    const fragments = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${buildDeepSelection(schema, each, depth)}`)
    return `{ __typename ${fragments.join(' ')} }`
  }
  if (!isObjectType(type)) return ''
  const fields = Object.values(type.getFields()).flatMap((field) => {
    if (field.args.some((arg) => isNonNullType(arg.type))) return []
    const of = getNamedType(field.type)
    const isLeaf = !isObjectType(of) && !isAbstractType(of)
    if (!isLeaf && depth === 0) return []
    return `${type.name}_${field.name}: ${field.name} ${isLeaf ? '' : buildDeepSelection(schema, of, depth - 1)}`
  })
  return `{ __typename ${fields.join(' ')} }`
}
