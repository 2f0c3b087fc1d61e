import { isAmount, roundAmount } from '../../../model/usage.ts'
import { coerceToText, isUnknownRecord, toUnknownRecord, type UnknownRecord } from './response-values.ts'

/** xAI counts in ticks: so many are a US dollar. */
const ticksPerDollar = 10_000_000_000

/** LiteLLM's header, which other gateways have taken over. */
const costHeader = 'x-litellm-response-cost'

/**
 * What a provider charges for a request, in US dollars, from the usage that it has sent. OpenRouter, LiteLLM and Vercel say so
 * in `cost`, DeepInfra in `estimated_cost`, xAI in ticks. Of a request with the user's own key, OpenRouter's cost does not
 * contain what the provider behind it charges. Perplexity's `cost` is an object with the total. Undefined if it is not known.
 */
export function parseReportedCost(usage: unknown): number | undefined {
  const { cost, estimated_cost, cost_in_usd_ticks: ticks, ...rest } = toUnknownRecord(usage)
  const amounts = [isUnknownRecord(cost) ? cost['total_cost'] : cost, estimated_cost]
  const amount = amounts.find(isAmount)
  if (amount === undefined) return isAmount(ticks) ? roundAmount(ticks / ticksPerDollar) : undefined
  const { is_byok: hasOwnKey, cost_details: details } = rest
  const upstream = hasOwnKey === 1 || hasOwnKey === true ? toUnknownRecord(details)['upstream_inference_cost'] : 0
  return roundAmount(amount + (isAmount(upstream) ? upstream : 0))
}

/**
 * The cost in the headers of a response, in US dollars. They are sent before the answer, so that of a stream it is 0 or left
 * out: 0 is not known.
 */
export function parseCostHeader(headers: Headers): number | undefined {
  const amount = Number(headers.get(costHeader) ?? '')
  return isAmount(amount) && amount > 0 ? amount : undefined
}

/** The cost that Vercel's gateway adds to a message, or to a part of one, beside the usage. */
export function parseGatewayCost(value: UnknownRecord): number | undefined {
  const { gateway } = toUnknownRecord(value['provider_metadata'] ?? value['providerMetadata'])
  const text = coerceToText(toUnknownRecord(gateway)['cost']).trim()
  return text !== '' && isAmount(Number(text)) ? Number(text) : undefined
}
