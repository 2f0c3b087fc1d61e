import type { FinishReason } from '../../model/stream.ts'
import { commonFinishReasons } from './dialect.ts'
import { providerDialects } from './select-dialect.ts'

/** The finish reasons of all dialects: gateways pass on those of the provider behind them. */
const finishReasons = new Map<string, FinishReason | 'ERROR'>(
  [...providerDialects.map((dialect) => dialect.finishReasons), commonFinishReasons].flatMap((table) =>
    Object.entries(table),
  ),
)

/**
 * What a finish reason of any provider means, in any case. Some add the reason of the provider behind them, as in
 * `content_filter: RECITATION`. An unknown one is OTHER. ERROR: the provider broke off the answer.
 */
export function parseProviderFinishReason(text: string): FinishReason | 'ERROR' {
  const name = text.trim().toLowerCase()
  return finishReasons.get(name) ?? finishReasons.get(name.replace(/[^a-z_].*$/s, '')) ?? 'OTHER'
}
