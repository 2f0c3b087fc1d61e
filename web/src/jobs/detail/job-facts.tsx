import type { ReactNode } from 'react'
import { UsageSummary } from '../../formats/usage-summary.tsx'
import { formatDateTime, getOwnTimeZone } from '../../formats/format-time.ts'
import { JobUsageDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { describeSchedule } from '../form/schedule/describe-schedule.ts'
import { hasTimeZone, parseSchedule } from '../form/schedule/schedule-choice.ts'
import { toRunVersion } from '../run-version.ts'
import type { JobDetails } from './job-details.ts'
import styles from './job-page.module.css'

/** When a job runs, who answers, and what it may use. */
export function JobFacts({ job }: { readonly job: JobDetails }) {
  const text = strings.jobs.facts
  const { schedule, timezone, nextRuns, completedRuns, skippedRuns, repeatLimit, budget } = job
  const words = describeSchedule(schedule)
  const when = hasTimeZone(parseSchedule(schedule).kind) ? text.inTimeZone(words, timezone) : words
  const done = repeatLimit == null ? completedRuns.toLocaleString('en') : text.repeatOf(completedRuns, repeatLimit)
  return (
    <dl className={styles.facts} aria-label={text.label}>
      <Fact name={text.schedule}>{when}</Fact>
      <Fact name={text.nextRuns}>
        {nextRuns.length === 0 ? strings.jobs.noNext : <NextRuns times={nextRuns.slice(0, 3)} timezone={timezone} />}
      </Fact>
      <Fact name={text.model}>{job.model ?? text.defaultModel}</Fact>
      {job.origin === 'SEGUE' && <Fact name={text.effort}>{job.effort ?? text.defaultEffort}</Fact>}
      {budget && (
        <Fact name={text.budget}>
          {budget.tokens != null && <div>{text.tokens(budget.tokens)}</div>}
          {budget.cost != null && <div>{text.cost(budget.cost)}</div>}
        </Fact>
      )}
      <Fact name={text.repeat}>
        {done}
        {skippedRuns > 0 && `, ${text.skipped(skippedRuns)}`}
      </Fact>
      <JobUsage job={job} />
      <Fact name={text.profile}>{job.profile.name}</Fact>
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function NextRuns({ times, timezone }: { readonly times: readonly string[]; readonly timezone: string }) {
  return (
    <ol className={styles.times}>
      {times.map((time) => (
        <li key={time}>
          <time
            dateTime={time}
            title={timezone === getOwnTimeZone() ? undefined : `${formatDateTime(time, timezone)} (${timezone})`}
          >
            {formatDateTime(time)}
          </time>
        </li>
      ))}
    </ol>
  )
}

function JobUsage({ job }: { readonly job: JobDetails }) {
  const { data } = useQuery(JobUsageDocument, { profile: job.profile.name }, toRunVersion(job))
  const sum = data?.usage.find(({ group }) => group === job.id)
  return sum ? (
    <Fact name={strings.jobs.facts.usage}>
      <UsageSummary usage={sum.usage} />
    </Fact>
  ) : null
}
