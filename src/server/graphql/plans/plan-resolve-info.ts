import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo, ValidatedExecutionArgs } from 'graphql'

/**
 * What resolvers are told about a field of a plan. It is the same for all executions and all objects of a list: what
 * differs between them cannot be read. A resolver that tries to ends the execution of the plan.
 */
export function createPlanResolveInfo(
  { schema, operation, fragmentDefinitions }: ValidatedExecutionArgs,
  field: GraphQLField<unknown, unknown>,
  parentType: GraphQLObjectType,
  fieldNodes: readonly FieldNode[],
): GraphQLResolveInfo {
  const refuse = (): never => {
    throw new Error('A plan does not have this.')
  }
  return {
    ...{ schema, operation, parentType, fieldNodes, fragments: fragmentDefinitions },
    ...{ fieldName: field.name, returnType: field.type, rootValue: undefined },
    get path() {
      return refuse()
    },
    get variableValues() {
      return refuse()
    },
    getAbortSignal: refuse,
    getAsyncHelpers: refuse,
  }
}
