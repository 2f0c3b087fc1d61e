import { formatNumber } from '../formats/format-number.ts'
import { formatCost, formatCount } from '../formats/format-usage.ts'
import { strings } from '../strings/strings.ts'
import type { UsageTotal } from './sum-usage.ts'
import styles from './usage.module.css'

/** What all days have used together. */
export function UsageTotals({ total: { answers, usage } }: { readonly total: UsageTotal }) {
  const text = strings.usage.totals
  const { cost, estimated, inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage
  return (
    <dl className={styles.totals} aria-label={text.label}>
      <Total
        name={text.cost}
        value={cost ? formatCost(cost) : text.unknownCost}
        note={cost ? (cost.estimated ? text.costEstimated(cost.currency) : cost.currency) : text.unknownCostNote}
      />
      <Total
        name={text.input}
        value={formatCount(inputTokens)}
        exact={formatNumber(inputTokens)}
        note={text.cached(formatNumber(cachedInputTokens))}
      />
      <Total
        name={text.output}
        value={formatCount(outputTokens)}
        exact={formatNumber(outputTokens)}
        note={text.reasoning(formatNumber(reasoningTokens))}
      />
      <Total name={text.answers} value={formatNumber(answers)} note={estimated ? text.tokensEstimated : null} />
    </dl>
  )
}

interface TotalProps {
  readonly name: string
  readonly value: string
  /** With all digits. */
  readonly exact?: string
  readonly note: string | null
}

function Total({ name, value, exact, note }: TotalProps) {
  return (
    <div className={styles.total}>
      <dt>{name}</dt>
      <dd>
        <span className={styles.value} title={exact}>
          {value}
        </span>
        {note !== null && <span className={styles.note}>{note}</span>}
      </dd>
    </div>
  )
}
