import { isObjectType, type OperationDefinitionNode, type ValidatedExecutionArgs } from 'graphql'
import { OperationPlan } from './operation-plan.ts'

/** Different values of the variables in @skip and @include that one operation has plans for. */
const maxPlansPerOperation = 8

/** Null: the operation cannot be planned. */
type PlansByCondition = Map<string, OperationPlan | null>

/**
 * The plans of operations, which are kept as long as their documents: the cache of documents bounds both. A document that
 * is not cached is new each time.
 */
const plans = new WeakMap<OperationDefinitionNode, PlansByCondition>()

/** The plan of a query, or of the events of a subscription; null if it has none. */
export function findOperationPlan(args: ValidatedExecutionArgs): OperationPlan | null {
  const { operation } = args
  const condition = readCondition(args)
  if (condition === null) return null
  const known: PlansByCondition = plans.get(operation) ?? new Map()
  plans.set(operation, known)
  let plan = known.get(condition)
  if (plan === undefined && known.size < maxPlansPerOperation) known.set(condition, (plan = createPlan(args)))
  return plan ?? null
}

/** The values of all boolean variables, on which the selected fields may depend. Null if one of them has no value. */
function readCondition({ operation, variableValues }: ValidatedExecutionArgs): string | null {
  let condition = ''
  for (const { variable, type } of operation.variableDefinitions ?? []) {
    const named = type.kind === 'NonNullType' ? type.type : type
    if (named.kind !== 'NamedType' || named.name.value !== 'Boolean') continue
    const value = variableValues.coerced[variable.name.value]
    if (typeof value !== 'boolean') return null
    condition += value ? '1' : '0'
  }
  return condition
}

function createPlan(args: ValidatedExecutionArgs): OperationPlan | null {
  const rootType = args.schema.getRootType(args.operation.operation)
  if (!isObjectType(rootType)) return null
  try {
    return new OperationPlan(args, rootType)
  } catch {
    return null
  }
}
