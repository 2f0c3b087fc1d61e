import type { ShownUsageFragment } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'
import { formatNumber } from './format-number.ts'
import { formatCost, formatCount } from './format-usage.ts'

/** Tokens and cost on one line; all figures as its title. */
export function UsageSummary({ usage }: { readonly usage: ShownUsageFragment }) {
  const text = strings.usage.summary
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, estimated, cost } = usage
  const details = text.details(
    formatNumber(inputTokens),
    formatNumber(cachedInputTokens),
    formatNumber(outputTokens),
    formatNumber(reasoningTokens),
  )
  return (
    <span title={details}>
      {estimated && <Estimate />}
      {text.tokens(formatCount(inputTokens), formatCount(outputTokens))}
      {cost && ` · ${formatCost(cost)}`}
    </span>
  )
}

function Estimate() {
  return (
    <>
      <span aria-hidden="true">~</span>
      <span className="visually-hidden">{strings.usage.estimated} </span>
    </>
  )
}
