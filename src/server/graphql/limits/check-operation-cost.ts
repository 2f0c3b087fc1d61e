import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import { schema } from '../../../schema/schema.ts'
import type { ViewerProfiles } from '../../../services/viewer-profiles.ts'
import { countRows, isCountable } from './count-rows.ts'
import { countIntrospectionRows, type RowCounts } from './list-sizes.ts'
import { type OperationCost, OperationCostEstimator } from './operation-cost.ts'
import { createLimitError, type OperationLimits } from './operation-limits.ts'
import { readValue } from './selected-fields.ts'

export interface OperationCostRequest {
  /** It has passed the validation. */
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly variables: Readonly<Record<string, unknown>>
  readonly limits: OperationLimits
  readonly profiles: ViewerProfiles
}

/** The whole schema as GraphiQL and code generators ask for it costs half of it. graphql-js executes introspection at once. */
const maxIntrospectionCost = 50_000

/** The last estimate of each operation, with the variables that it depends on. */
const lastEstimates = new WeakMap<OperationDefinitionNode, { readonly key: string; readonly estimate: OperationCost }>()

const introspectionRows = countIntrospectionRows(schema)

/** The cost of an operation, or the error if it costs more than is allowed. */
export async function checkOperationCost(request: OperationCostRequest): Promise<number | GraphQLError> {
  let estimated = estimateCostOnce(request)
  const countable = estimated.lists.size > 0 ? [...estimated.lists].filter(isCountable) : []
  if (countable.length > 0) {
    estimated = estimateCost(
      request,
      new Map([...introspectionRows, ...(await countRows(countable, request.profiles))]),
    )
  }
  const { cost, introspection } = estimated
  const { limits } = request
  if (introspection > maxIntrospectionCost) {
    const message = `The introspection costs ${introspection}. At most ${maxIntrospectionCost} is allowed. Select fewer levels.`
    return createLimitError('introspection', maxIntrospectionCost, message)
  }
  if (cost <= limits.cost) return cost
  const message = `The operation costs ${Number.isFinite(cost) ? cost : 'too much to tell'}. At most ${limits.cost} is allowed. Ask for smaller pages, or for fewer lists within lists.`
  return createLimitError('cost', limits.cost, message)
}

/** Without the rows that are counted. Depends on the numbers and the booleans among the variables only. */
function estimateCostOnce(request: OperationCostRequest): OperationCost {
  const { operation, variables } = request
  const key = operation.variableDefinitions?.length ? JSON.stringify(variables, keepNumbersAndBooleans) : ''
  const last = lastEstimates.get(operation)
  if (last?.key === key) return last.estimate
  const estimate = estimateCost(request, introspectionRows)
  lastEstimates.set(operation, { key, estimate })
  return estimate
}

function keepNumbersAndBooleans(name: string, value: unknown): unknown {
  return name === '' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

function estimateCost({ document, operation, variables }: OperationCostRequest, rowCounts: RowCounts): OperationCost {
  const isFragment = (node: DocumentNode['definitions'][number]): node is FragmentDefinitionNode =>
    node.kind === Kind.FRAGMENT_DEFINITION
  const fragments = new Map(document.definitions.filter(isFragment).map((node) => [node.name.value, node]))
  const defaults = operation.variableDefinitions?.map(({ variable, defaultValue }) => [
    variable.name.value,
    readValue(defaultValue, {}),
  ])
  const allVariables = { ...Object.fromEntries(defaults ?? []), ...variables }
  return new OperationCostEstimator({ schema, fragments, variables: allVariables, rowCounts }).estimate(operation)
}
