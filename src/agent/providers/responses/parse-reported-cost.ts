import { isAmount, roundAmount } from '../../../model/usage.ts'
import { isUnknownRecord, toUnknownRecord } from './response-values.ts'

/**
 * What a provider charges for a request, in US dollars, from the usage that it has sent. OpenRouter and LiteLLM say so in
 * `cost`; of a request with the user's own key, OpenRouter's cost does not contain what the provider behind it charges.
 * Perplexity's `cost` is an object with the total. Undefined if it is not known.
 */
export function parseReportedCost(usage: unknown): number | undefined {
  const { cost, is_byok: hasOwnKey, cost_details: details } = toUnknownRecord(usage)
  const amount = isUnknownRecord(cost) ? cost['total_cost'] : cost
  if (!isAmount(amount)) return undefined
  const upstream = hasOwnKey === 1 || hasOwnKey === true ? toUnknownRecord(details)['upstream_inference_cost'] : 0
  return roundAmount(amount + (isAmount(upstream) ? upstream : 0))
}
