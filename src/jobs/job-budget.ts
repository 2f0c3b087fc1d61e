import { createBadInputError } from '../lib/errors.ts'
import type { Budget } from '../model/usage.ts'

/** A change of a budget. What is left out stays as it is; 0 takes a limit away. */
export interface BudgetChange {
  readonly tokens?: number
  readonly cost?: number
}

/** The budget after a change; null if no limit is left. Throws BAD_USER_INPUT. */
export function applyBudgetChange(budget: Budget | null, { tokens, cost }: BudgetChange): Budget | null {
  if (tokens === undefined && cost === undefined)
    throw createBadInputError('The budget is empty. Give tokens, cost or both.', 'input', 'budget')
  if (cost !== undefined && !(Number.isFinite(cost) && cost >= 0))
    throw createBadInputError('The cost of the budget is negative. Use 0 or more.', 'input', 'budget', 'cost')
  const changed = {
    tokens: tokens === undefined ? (budget?.tokens ?? null) : tokens || null,
    cost: cost === undefined ? (budget?.cost ?? null) : cost || null,
  }
  return changed.tokens === null && changed.cost === null ? null : changed
}
