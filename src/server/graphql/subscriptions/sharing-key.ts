import { type ASTNode, type DocumentNode, Kind, type OperationDefinitionNode, type SelectionNode, visit } from 'graphql'
import type { StartedSubscription } from './execute-events.ts'

const documentNumbers = new WeakMap<DocumentNode, number>()
let documentCount = 0

/** The names of the variables of an operation that its results depend on. */
const resultVariables = new WeakMap<OperationDefinitionNode, readonly string[]>()

/**
 * What the results of a subscription depend on, besides its events: the document, what the viewer may see, and the variables
 * that are used below its field. The arguments of the field itself say which events there are. Subscriptions with the same key
 * have the same result for an event.
 */
export function createSharingKey({ args, context }: Pick<StartedSubscription, 'args' | 'context'>): string {
  const { document, operation, variableValues } = args
  const { role, profiles } = context.viewer
  // A variable without a value is left out: its default is used then, which null is not.
  const variables = Object.fromEntries(
    listResultVariables(operation, document).map((name) => [name, variableValues.coerced[name]]),
  )
  const names = [numberDocument(document), operation.name?.value ?? null]
  return JSON.stringify([...names, role, profiles, context.reportedCost, variables])
}

function numberDocument(document: DocumentNode): number {
  const number = documentNumbers.get(document) ?? (documentCount += 1)
  documentNumbers.set(document, number)
  return number
}

function listResultVariables(operation: OperationDefinitionNode, document: DocumentNode): readonly string[] {
  const names = resultVariables.get(operation) ?? findResultVariables(operation, document)
  resultVariables.set(operation, names)
  return names
}

/** All variables of the document, except for those that only the arguments of the subscription's field use. */
function findResultVariables(operation: OperationDefinitionNode, document: DocumentNode): readonly string[] {
  const names = new Set<string>()
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  const selected = operation.selectionSet.selections.flatMap(listNodesWithoutArguments)
  for (const node of [...fragments, ...selected]) visit(node, { Variable: ({ name }) => void names.add(name.value) })
  return [...names].toSorted()
}

function listNodesWithoutArguments(selection: SelectionNode): readonly ASTNode[] {
  if (selection.kind !== Kind.FIELD) return [selection]
  return [...(selection.directives ?? []), ...(selection.selectionSet?.selections ?? [])]
}
