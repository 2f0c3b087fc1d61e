import type { ModelPrice, ModelPriceRules } from '../config/profile/prices.ts'
import { compileWildcardPattern } from '../lib/text/wildcard-pattern.ts'
import { roundAmount, type Usage } from '../model/usage.ts'

/** How the cost of the requests to a model is found. */
export interface ModelPricing {
  /** Null if none is configured. */
  readonly price: ModelPrice | null
  /** Whether the cost that a provider reports counts. It comes before the price. */
  readonly usesReportedCost: boolean
}

/** The pricing of a model of which nothing is configured. */
export const defaultModelPricing: ModelPricing = { price: null, usesReportedCost: true }

/** The currency in which providers report costs. */
const reportedCostCurrency = 'USD'

const tokensPerPrice = 1_000_000

/** The prices of a profile's models. */
export class ModelPrices {
  #rules: readonly { readonly matches: (model: string) => boolean; readonly price: ModelPrice }[]
  readonly #usesReportedCost: boolean

  /** `currency`: that of the server, as a code of ISO 4217. Reported costs count only if it is theirs. */
  constructor(rules: ModelPriceRules, currency: string) {
    this.#rules = compileRules(rules)
    this.#usesReportedCost = currency === reportedCostCurrency
  }

  /** Replaces the prices. Models that are resolved later have the new ones. */
  configure(rules: ModelPriceRules): void {
    this.#rules = compileRules(rules)
  }

  /** The pricing of a model, `<provider>/<name>`. */
  find(model: string): ModelPricing {
    const price = this.#rules.findLast(({ matches }) => matches(model))?.price ?? null
    return { price, usesReportedCost: this.#usesReportedCost }
  }
}

const compileRules = (rules: ModelPriceRules) =>
  Object.entries(rules).map(([pattern, price]) => ({ matches: compileWildcardPattern(pattern), price }))

/** No price is configured: only what providers report is known. */
export const noModelPrices = new ModelPrices({}, reportedCostCurrency)

/** The usage of one request, which has no cost yet, with its cost: as the provider has reported it, else by the price, else without. */
export function addRequestCost(
  usage: Usage,
  reportedCost: number | undefined,
  { price, usesReportedCost }: ModelPricing,
): Usage {
  if (usesReportedCost && reportedCost !== undefined)
    return { ...usage, cost: { amount: reportedCost, estimated: false } }
  if (!price) return usage
  return { ...usage, cost: { amount: computeAmount(usage, price), estimated: usage.estimated } }
}

function computeAmount(usage: Usage, { input, cached, output, reasoning }: ModelPrice): number {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage
  const amount =
    (inputTokens - cachedInputTokens) * input +
    cachedInputTokens * cached +
    (outputTokens - reasoningTokens) * output +
    reasoningTokens * reasoning
  return roundAmount(amount / tokensPerPrice)
}
