import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'

type Variables = Readonly<Record<string, unknown>>

export interface SelectedFieldsOptions {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** As the client sent them, with the defaults of the operation. */
  readonly variables: Variables
}

/** The fields that selection sets have for an object type, by their names in the response, as an execution merges them. */
export function collectSelectedFields(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  options: SelectedFieldsOptions,
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const visitedFragments = new Set<string>()
  const addAll = (selectionSet: SelectionSetNode): void => selectionSet.selections.forEach(add)
  const add = (selection: SelectionNode): void => {
    if (!isIncluded(selection, options.variables)) return
    if (selection.kind === Kind.FIELD) {
      const name = selection.alias?.value ?? selection.name.value
      fields.set(name, [...(fields.get(name) ?? []), selection])
      return
    }
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
    if (isSpread && visitedFragments.has(selection.name.value)) return
    if (isSpread) visitedFragments.add(selection.name.value)
    const fragment = isSpread ? options.fragments.get(selection.name.value) : selection
    if (fragment && appliesTo(fragment.typeCondition?.name.value, type, options.schema)) addAll(fragment.selectionSet)
  }
  selectionSets.forEach(addAll)
  return fields
}

/** The value of an argument, as the client wrote it or sent it in a variable; undefined if it is left out. */
export function readValue(node: ValueNode | undefined, variables: Variables): unknown {
  if (node?.kind === Kind.VARIABLE) return variables[node.name.value]
  if (node?.kind === Kind.INT) return Number(node.value)
  return node?.kind === Kind.BOOLEAN ? node.value : undefined
}

function isIncluded({ directives = [] }: SelectionNode, variables: Variables): boolean {
  return directives.every(({ name, arguments: args = [] }) => {
    const condition = readValue(args[0]?.value, variables)
    return !(name.value === 'skip' && condition === true) && !(name.value === 'include' && condition === false)
  })
}

function appliesTo(condition: string | undefined, type: GraphQLObjectType, schema: GraphQLSchema): boolean {
  if (condition === undefined || condition === type.name) return true
  const conditionType = schema.getType(condition)
  return isAbstractType(conditionType) && schema.isSubType(conditionType, type)
}
