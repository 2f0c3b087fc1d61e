import { useState } from 'react'
import { formatCost, formatCount } from '../formats/format-usage.ts'
import type { UsageGroupSumFragment } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'
import { DayBars } from './day-bars.tsx'
import { formatDay } from './format-day.ts'
import { listDays, type UsageSpan } from './span.ts'
import { UsageTable } from './usage-table.tsx'
import styles from './usage.module.css'

interface DayChartProps {
  readonly days: readonly UsageGroupSumFragment[]
  readonly span: UsageSpan
}

type Metric = 'cost' | 'tokens'

/** The days as bars, by cost or by tokens, with a table of the same figures. */
export function DayChart({ days, span }: DayChartProps) {
  const text = strings.usage
  const currency = days.find(({ usage }) => usage.cost)?.usage.cost?.currency
  const hasCost = currency !== undefined
  const [chosen, setMetric] = useState<Metric>('cost')
  const [pointed, setPointed] = useState<string | null>(null)
  const metric = hasCost ? chosen : 'tokens'
  const sums = new Map(days.map((sum) => [sum.group, sum]))
  const bars = listDays(span).map((day) => ({ day, value: toValue(sums.get(day), metric) }))
  const pointedSum = pointed === null ? undefined : sums.get(pointed)
  const inOrder = days.toSorted((a, b) => (b.group ?? '').localeCompare(a.group ?? ''))
  return (
    <section className={styles.section} aria-labelledby="usage-days">
      <div className={styles.sectionHeader}>
        <h2 id="usage-days" className={styles.heading}>
          {text.byDay}
        </h2>
        {pointed !== null && (
          <p className={styles.pointed} aria-hidden="true">
            {formatDay(pointed)}: {describe(pointedSum)}
          </p>
        )}
        {hasCost && (
          <div className={styles.lengths} role="group" aria-label={text.metric}>
            {(['cost', 'tokens'] as const).map((each) => (
              <button
                key={each}
                type="button"
                className={styles.length}
                aria-pressed={metric === each}
                onClick={() => setMetric(each)}
              >
                {text.metrics[each]}
              </button>
            ))}
          </div>
        )}
      </div>
      <DayBars
        bars={bars}
        label={text.chart(text.metrics[metric])}
        highest={formatValue(Math.max(...bars.map(({ value }) => value)), metric, currency)}
        onPoint={setPointed}
      />
      <details className={styles.details}>
        <summary>{text.showTable}</summary>
        <UsageTable title={null} groupLabel={text.day} sums={inOrder} />
      </details>
    </section>
  )
}

function formatValue(value: number, metric: Metric, currency: string | undefined): string {
  if (metric === 'tokens' || currency === undefined) return formatCount(value)
  return formatCost({ amount: value, currency, estimated: false })
}

function toValue(sum: UsageGroupSumFragment | undefined, metric: Metric): number {
  if (!sum) return 0
  const { cost, inputTokens, outputTokens } = sum.usage
  return metric === 'cost' ? (cost?.amount ?? 0) : inputTokens + outputTokens
}

function describe(sum: UsageGroupSumFragment | undefined): string {
  if (!sum) return strings.usage.nothing
  const { inputTokens, outputTokens, cost } = sum.usage
  const tokens = strings.usage.summary.tokens(formatCount(inputTokens), formatCount(outputTokens))
  return cost ? `${formatCost(cost)} · ${tokens}` : tokens
}
