import { addTokenCounts, isAmount, normalizeStoredUsage, type Usage } from '../../model/usage.ts'
import { countFromHermesCell } from './cell-values.ts'

const hermesCurrency = 'USD'

/** The columns of `sessions` in which Hermes counts tokens. */
export const hermesUsageColumns = [
  'input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
] as const

/** The columns of `sessions` in which Hermes keeps what the tokens cost. */
export const hermesCostColumns = ['actual_cost_usd', 'estimated_cost_usd', 'cost_status'] as const

/** Their cells: any value may stand in any of them. */
export type HermesUsageRow = Readonly<
  Record<(typeof hermesUsageColumns)[number] | (typeof hermesCostColumns)[number], unknown>
>

/** Whether Hermes has counted: its older versions had no such columns. */
export function hasHermesUsage(row: HermesUsageRow): boolean {
  return hermesUsageColumns.some((column) => (row[column] ?? null) !== null)
}

/** Hermes counts the input tokens that its provider read from, or wrote to, a cache beside the other ones. */
export function usageFromHermesRow(row: HermesUsageRow): Usage {
  const inputCells = [row.input_tokens, row.cache_read_tokens, row.cache_write_tokens]
  const cells = [...inputCells, row.output_tokens, row.reasoning_tokens]
  return normalizeStoredUsage({
    estimated: cells.some((cell) => (cell ?? 0) !== countFromHermesCell(cell)),
    inputTokens: addTokenCounts(...inputCells.map((cell) => countFromHermesCell(cell))),
    outputTokens: countFromHermesCell(row.output_tokens),
    reasoningTokens: countFromHermesCell(row.reasoning_tokens),
    cachedInputTokens: countFromHermesCell(row.cache_read_tokens),
    cost: costFromHermesRow(row),
  })
}

/** Hermes counts in US dollars: what the provider has charged, or its own estimate, which is 0 if it knows nothing. */
function costFromHermesRow({
  actual_cost_usd: actual,
  estimated_cost_usd: estimate,
  cost_status: status,
}: HermesUsageRow) {
  if (isAmount(actual)) return { amount: actual, currency: hermesCurrency, estimated: false }
  const isKnown = isAmount(estimate) && (estimate > 0 || status === 'included')
  return isKnown ? { amount: estimate, currency: hermesCurrency, estimated: status !== 'included' } : undefined
}
