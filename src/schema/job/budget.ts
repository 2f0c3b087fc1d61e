import type { BudgetChange } from '../../jobs/job-budget.ts'
import type { Budget } from '../../model/usage.ts'
import { schemaBuilder } from '../schema-builder.ts'

export const BudgetType = schemaBuilder.objectRef<Budget>('Budget').implement({
  description: 'What may be used. An answer whose budget is used up sums up and ends with `finishReason` BUDGET.',
  fields: (t) => ({
    tokens: t.expose('tokens', {
      type: 'SafeInt',
      nullable: true,
      description: 'Tokens, input and output. Null: no limit.',
    }),
    cost: t.exposeFloat('cost', {
      nullable: true,
      description: 'An amount in the currency of the server. Null: no limit.',
    }),
  }),
})

export const BudgetInput = schemaBuilder.inputType('BudgetInput', {
  description: 'The limits of a budget: at least one of them. One that is left out stays as it is.',
  fields: (t) => ({
    tokens: t.field({ type: 'SafeInt', description: 'Tokens, input and output. 0: no limit.' }),
    cost: t.float({ description: 'An amount in the currency of the server. 0: no limit.' }),
  }),
})

/** A budget as a client sends it. Null is the same as left out. */
export function toBudgetChange({ tokens, cost }: typeof BudgetInput.$inferInput): BudgetChange {
  return { ...(typeof tokens === 'number' && { tokens }), ...(typeof cost === 'number' && { cost }) }
}
