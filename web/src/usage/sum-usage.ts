import type { ShownUsageFragment, UsageGroupSumFragment } from '../graphql/generated/graphql.ts'

export interface UsageTotal {
  readonly answers: number
  readonly usage: ShownUsageFragment
}

const nothing: UsageTotal = {
  answers: 0,
  usage: {
    inputTokens: 0,
    outputTokens: 0,
    cachedInputTokens: 0,
    reasoningTokens: 0,
    estimated: false,
    cost: null,
  },
}

/** The sum of all groups. A cost that leaves out some of them is an estimate. */
export function sumUsage(sums: readonly UsageGroupSumFragment[]): UsageTotal {
  const total = sums.reduce(add, nothing)
  const { cost } = total.usage
  const isPartial = sums.some(({ usage }) => !usage.cost && usage.inputTokens + usage.outputTokens > 0)
  return cost && isPartial ? { ...total, usage: { ...total.usage, cost: { ...cost, estimated: true } } } : total
}

function add(total: UsageTotal, { answers, usage }: UsageTotal): UsageTotal {
  const { usage: sum } = total
  return {
    answers: total.answers + answers,
    usage: {
      inputTokens: sum.inputTokens + usage.inputTokens,
      outputTokens: sum.outputTokens + usage.outputTokens,
      cachedInputTokens: sum.cachedInputTokens + usage.cachedInputTokens,
      reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
      estimated: sum.estimated || usage.estimated,
      cost: addCosts(sum.cost, usage.cost),
    },
  }
}

type Cost = ShownUsageFragment['cost']

function addCosts(a: Cost, b: Cost): Cost {
  if (!a || !b) return a ?? b
  return { amount: a.amount + b.amount, currency: b.currency, estimated: a.estimated || b.estimated }
}
