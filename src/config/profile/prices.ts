import { z } from 'zod'

/** What a million tokens of a model cost, in the currency of the server. */
export interface ModelPrice {
  /** Of input that is not read from a cache. */
  readonly input: number
  /** Of input that is read from a cache. */
  readonly cached: number
  /** Of output that is not reasoning. */
  readonly output: number
  readonly reasoning: number
}

/** Prices by patterns of models: `<provider>/<name>`, in which `*` matches any characters. The last one that fits counts. */
export type ModelPriceRules = Readonly<Record<string, ModelPrice>>

const amountError = 'Must be a number from 0: what a million tokens cost.'
const amountSchema = z.number({ error: amountError }).min(0, { error: amountError })

const priceError = 'Must be an object with input and output, as in { "input": 0.3, "cached": 0.03, "output": 1.2 }.'
const priceSchema = z
  .object(
    {
      input: amountSchema,
      output: amountSchema,
      cached: amountSchema.optional(),
      reasoning: amountSchema.optional(),
    },
    { error: priceError },
  )
  .transform(({ input, output, cached = input, reasoning = output }): ModelPrice => ({
    input,
    cached,
    output,
    reasoning,
  }))

/** `prices` in config.json. Its entries are read by `resolvePrices`. */
export const pricesSchema = z.record(z.string(), z.unknown(), {
  error: 'Must map patterns of models, such as "local/*", to prices.',
})

/** Reads the prices. One that is not valid is a warning and costs only itself. */
export function resolvePrices(
  entries: Readonly<Record<string, unknown>>,
  label: string,
): { readonly prices: ModelPriceRules; readonly warnings: readonly string[] } {
  const warnings: string[] = []
  const prices = Object.entries(entries).flatMap(([pattern, entry]): [string, ModelPrice][] => {
    const parsed = priceSchema.safeParse(entry)
    if (parsed.success) return [[pattern, parsed.data]]
    const problems = parsed.error.issues.map(({ path, message }) => `${[pattern, ...path].join('.')}: ${message}`)
    warnings.push(...problems.map((problem) => `${label}: ${problem} The price is ignored.`))
    return []
  })
  return { prices: Object.fromEntries(prices), warnings }
}
