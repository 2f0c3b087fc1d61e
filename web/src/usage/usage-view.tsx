import { useState } from 'react'
import { Page } from '../components/page/page.tsx'
import { UsageNamesDocument, UsageOfSpanDocument, type UsageOfSpanQuery } from '../graphql/generated/graphql.ts'
import { useQuery } from '../graphql/use-query.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'
import { strings } from '../strings/strings.ts'
import { DayChart } from './day-chart.tsx'
import { isSpan, lastDays, type UsageSpan } from './span.ts'
import { SpanPicker } from './span-picker.tsx'
import { sumUsage } from './sum-usage.ts'
import { UsageTable } from './usage-table.tsx'
import { UsageTotals } from './usage-totals.tsx'
import styles from './usage.module.css'

/** What a profile has used: in all, by day, by model and by job. */
export default function UsageView() {
  const text = strings.usage
  const profile = useCurrentProfile()
  const [span, setSpan] = useState(() => lastDays(30, Date.now()))
  const [asked, setAsked] = useState(span)
  const choose = (next: UsageSpan): void => {
    setSpan(next)
    // While the days are typed, the figures of the last whole span stay.
    if (isSpan(next)) setAsked(next)
  }
  const variables = { profile, from: `${asked.from}T00:00:00Z`, to: `${asked.to}T00:00:00Z` }
  const { data, error, isLoading } = useQuery(UsageOfSpanDocument, variables)
  return (
    <Page title={text.title}>
      <SpanPicker span={span} onChange={choose} />
      {error && <p role="alert">{error.message}</p>}
      <div className={styles.figures} aria-busy={isLoading} data-stale={(isLoading && data !== null) || undefined}>
        {data && <UsageFigures data={data} span={asked} profile={profile} />}
      </div>
    </Page>
  )
}

interface UsageFiguresProps {
  readonly data: UsageOfSpanQuery
  readonly span: UsageSpan
  readonly profile: string
}

function UsageFigures({ data, span, profile }: UsageFiguresProps) {
  const text = strings.usage
  const { data: names } = useQuery(UsageNamesDocument, { profile })
  const total = sumUsage(data.days)
  if (total.answers === 0) return <p className={styles.empty}>{text.empty}</p>
  const findJob = (id: string): string | null => names?.jobs.find((job) => job.id === id)?.name ?? null
  return (
    <>
      <UsageTotals total={total} />
      <DayChart days={data.days} span={span} />
      <UsageTable title={text.byModel} groupLabel={text.model} sums={data.models} />
      {data.jobs.length > 0 && (
        <UsageTable title={text.byJob} groupLabel={text.job} sums={data.jobs} findJob={findJob} />
      )}
    </>
  )
}
