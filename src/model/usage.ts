/**
 * Token counts: whole numbers from 0 to 2^53 - 1. Reasoning tokens are part of the output tokens, cached ones of the input
 * tokens.
 */
export interface Usage {
  /** Whether any count is Segue's estimate, because a provider sent none, or none that can be true. */
  readonly estimated: boolean
  readonly inputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly cachedInputTokens: number
  /** What the tokens cost. Left out if that is not known, as in all usages that were stored before there were costs. */
  readonly cost?: UsageCost
}

/** An amount of money: a number from 0. */
export interface UsageCost {
  readonly amount: number
  /** A code of ISO 4217. Left out in what a server stores: all of it is in the server's currency. Hermes' is always in USD. */
  readonly currency?: string
  /** Whether it was computed from estimated tokens, or a part of what it is the sum of is unknown or an estimate. */
  readonly estimated: boolean
}

/** What is known of a request's usage when it ends. A figure that the provider did not send, or that cannot be true, is null. */
export interface ReportedUsage extends Pick<Usage, 'estimated' | 'reasoningTokens' | 'cachedInputTokens'> {
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  /** What the provider charges for the request, in US dollars. Left out if it does not say. */
  readonly reportedCost?: number
}

/** The figures of a provider as they arrived: any value may stand in any field. */
export type UnvalidatedUsage = Readonly<
  Partial<Record<'inputTokens' | 'outputTokens' | 'reasoningTokens' | 'cachedInputTokens' | 'totalTokens', unknown>>
>

export const noUsage: Usage = {
  estimated: false,
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cachedInputTokens: 0,
}

/** The sum. A figure that would exceed 2^53 - 1 is 2^53 - 1. Of the costs it is the sum of what is known. */
export function addUsage(a: Usage, b: Usage): Usage {
  const cost = addCosts(a, b)
  return {
    estimated: a.estimated || b.estimated,
    inputTokens: addTokenCounts(a.inputTokens, b.inputTokens),
    outputTokens: addTokenCounts(a.outputTokens, b.outputTokens),
    reasoningTokens: addTokenCounts(a.reasoningTokens, b.reasoningTokens),
    cachedInputTokens: addTokenCounts(a.cachedInputTokens, b.cachedInputTokens),
    ...(cost && { cost }),
  }
}

/** Undefined if neither cost is known. The cost of tokens without one is unknown; without tokens there is none. */
function addCosts(a: Usage, b: Usage): UsageCost | undefined {
  const [known, ...others] = [a, b].flatMap(({ cost }) => cost ?? [])
  if (!known) return undefined
  const hasUnknownPart = [a, b].some((usage) => !usage.cost && countTokens(usage) > 0)
  return {
    amount: others.reduce((sum, { amount }) => roundAmount(sum + amount), known.amount),
    estimated: hasUnknownPart || [known, ...others].some(({ estimated }) => estimated),
  }
}

/** The usage without a cost that is in another currency than that of the server. */
export function omitForeignCost({ cost, ...usage }: Usage, currency: string): Usage {
  return { ...usage, ...(cost && (cost.currency ?? currency) === currency && { cost }) }
}

/** What may be used. Null: no limit. The cost is in the currency of the server. */
export interface Budget {
  readonly tokens: number | null
  readonly cost: number | null
}

/** Whether a budget has nothing left. A cost that is not known uses nothing of it. */
export function isBudgetUsedUp(budget: Budget | null, usage: Usage): boolean {
  if (!budget) return false
  const { tokens, cost } = budget
  return (tokens !== null && countTokens(usage) >= tokens) || (cost !== null && (usage.cost?.amount ?? 0) >= cost)
}

/** All tokens of a usage: input and output. */
export function countTokens({ inputTokens, outputTokens }: Usage): number {
  return addTokenCounts(inputTokens, outputTokens)
}

/** Removes what the binary form of decimal fractions adds: 0.1 and 0.2 are 0.3. */
export function roundAmount(amount: number): number {
  return Number(amount.toPrecision(15))
}

/** The sum of token counts, at most 2^53 - 1. */
export function addTokenCounts(...counts: readonly number[]): number {
  return counts.reduce((sum, count) => Math.min(sum + count, Number.MAX_SAFE_INTEGER), 0)
}

/**
 * Validates the figures of a provider. Some count cached tokens beside the input tokens, or reasoning tokens beside the
 * output tokens: the total, or a part that is greater than the whole, tells, and they are added.
 */
export function validateReportedUsage(figures: UnvalidatedUsage): ReportedUsage {
  const inputTokens = toTokenCount(figures.inputTokens)
  const outputTokens = toTokenCount(figures.outputTokens)
  const reasoningTokens = toTokenCount(figures.reasoningTokens ?? 0)
  const cachedInputTokens = toTokenCount(figures.cachedInputTokens ?? 0)
  const unexplained = (toTokenCount(figures.totalTokens) ?? 0) - (inputTokens ?? 0) - (outputTokens ?? 0)
  const reasoning = reasoningTokens ?? 0
  const cached = cachedInputTokens ?? 0
  const areBothBeside = unexplained === reasoning + cached
  const isReasoningBeside = areBothBeside || unexplained === reasoning
  const isCachedBeside = areBothBeside || (unexplained === cached && !isReasoningBeside)
  return {
    estimated: reasoningTokens === null || cachedInputTokens === null,
    inputTokens: inputTokens === null ? null : addPart(inputTokens, cached, isCachedBeside),
    outputTokens: outputTokens === null ? null : addPart(outputTokens, reasoning, isReasoningBeside),
    reasoningTokens: reasoning,
    cachedInputTokens: cached,
  }
}

/**
 * Replaces what a provider did not report by an estimate. Zero is no figure where there was something: every request has
 * input, and text is output.
 */
export function fillMissingUsage(reported: ReportedUsage, estimate: Usage): Usage {
  const isInputReported = reported.inputTokens !== null && (reported.inputTokens > 0 || estimate.inputTokens === 0)
  const isOutputReported = reported.outputTokens !== null && (reported.outputTokens > 0 || estimate.outputTokens === 0)
  return normalizeStoredUsage({
    ...reported,
    estimated: reported.estimated || !isInputReported || !isOutputReported,
    // An estimate is of the whole: its part is not added to it.
    inputTokens: isInputReported ? reported.inputTokens : Math.max(estimate.inputTokens, reported.cachedInputTokens),
    outputTokens: isOutputReported ? reported.outputTokens : Math.max(estimate.outputTokens, reported.reasoningTokens),
  })
}

/**
 * A usage as it must be, from one that an older version or another program has stored. A figure that cannot be true
 * becomes 0, and the usage an estimate. A whole is not less than its part.
 */
export function normalizeStoredUsage(
  stored: UnvalidatedUsage & { readonly estimated?: unknown; readonly cost?: unknown },
): Usage {
  const cost = normalizeStoredCost(stored.cost)
  const figures = [stored.inputTokens, stored.outputTokens, stored.reasoningTokens, stored.cachedInputTokens]
  const [input = 0, output = 0, reasoning = 0, cached = 0] = figures.map((figure) => toTokenCount(figure) ?? 0)
  return {
    estimated: stored.estimated === true || figures.some((figure) => toTokenCount(figure) === null),
    inputTokens: addPart(input, cached, false),
    outputTokens: addPart(output, reasoning, false),
    reasoningTokens: reasoning,
    cachedInputTokens: cached,
    ...(cost && { cost }),
  }
}

/** A cost, or undefined for what cannot be one. */
function normalizeStoredCost(stored: unknown): UsageCost | undefined {
  if (typeof stored !== 'object' || stored === null || !('amount' in stored)) return undefined
  const { amount } = stored
  if (!isAmount(amount)) return undefined
  return {
    amount,
    ...('currency' in stored && typeof stored.currency === 'string' && { currency: stored.currency }),
    estimated: !('estimated' in stored) || stored.estimated !== false,
  }
}

/** Whether a value is an amount of money: a finite number from 0. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** A whole with a part that was counted beside it. A part that is greater than the whole cannot be in it. */
function addPart(whole: number, part: number, isBeside: boolean): number {
  return isBeside || part > whole ? addTokenCounts(whole, part) : whole
}

function toTokenCount(figure: unknown): number | null {
  return typeof figure === 'number' && Number.isSafeInteger(figure) && figure >= 0 ? figure : null
}
