import { z } from 'zod'
import type { Budget } from '../../model/usage.ts'

/** What a profile may use. Null: no limit. */
export interface BudgetSettings {
  /** For one answer. */
  readonly answer: Budget | null
  /** For one day, in UTC. */
  readonly day: Budget | null
}

/** The keys of `limits` in config.json that every profile has for itself. */
export const budgetKeys = ['answerBudget', 'dayBudget'] as const

const error = 'Must be an object with tokens, cost or both, such as { "tokens": 100000, "cost": 2.5 }.'
const limit = (schema: z.ZodNumber) => schema.positive({ error }).optional()
const budgetSchema = z
  .strictObject({ tokens: limit(z.int({ error })), cost: limit(z.number({ error })) }, { error })
  .refine(({ tokens, cost }) => tokens !== undefined || cost !== undefined, { error })
  .transform(({ tokens = null, cost = null }): Budget => ({ tokens, cost }))

/** Reads the budgets in `limits`. One that is not valid is a warning and costs only itself. */
export function resolveBudgets(
  limits: unknown,
  label: string,
): { readonly budgets: BudgetSettings; readonly warnings: readonly string[] } {
  const entries = new Map(Object.entries(typeof limits === 'object' && limits !== null ? limits : {}))
  const warnings: string[] = []
  const [answer = null, day = null] = budgetKeys.map((key) => {
    const value = entries.get(key)
    if (value === undefined) return null
    const parsed = budgetSchema.safeParse(value)
    if (!parsed.success) warnings.push(`${label}.${key}: ${error} The budget is ignored.`)
    return parsed.data ?? null
  })
  return { budgets: { answer, day }, warnings }
}
