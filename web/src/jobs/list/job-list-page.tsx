import { Plus } from 'lucide-react'
import { Link } from 'wouter'
import { Page } from '../../components/page/page.tsx'
import { JobListDocument, type JobSummaryFragment } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { useCurrentProfile } from '../../profiles/current-profile.ts'
import { strings } from '../../strings/strings.ts'
import { newJobPath } from '../job-paths.ts'
import { useJobRunChanges } from '../use-job-run-changes.ts'
import { JobRow } from './job-row.tsx'
import styles from './job-list.module.css'

/** The jobs of a profile, as they are: those of Segue, and those of Hermes, which are read-only. */
export function JobListPage() {
  const text = strings.jobs
  const profile = useCurrentProfile()
  const { data, error, isLoading, reload } = useQuery(JobListDocument, { profile })
  useJobRunChanges(profile, null, reload)
  const jobs = data?.jobs ?? []
  const hermesJobs = jobs.filter(({ origin }) => origin === 'HERMES')
  const newJob = (
    <Link href={newJobPath} className={styles.newJob}>
      <Plus aria-hidden="true" />
      {text.newJob}
    </Link>
  )
  return (
    <Page title={text.title} actions={newJob}>
      {error && <p role="alert">{error.message}</p>}
      {isLoading && !data && <p className={styles.note}>{text.loading}</p>}
      {data && jobs.length === 0 && (
        <div className={styles.empty}>
          <p className={styles.emptyTitle}>{text.empty}</p>
          <p>{text.emptyHint}</p>
        </div>
      )}
      <JobList label={text.title} jobs={jobs.filter(({ origin }) => origin === 'SEGUE')} onChange={reload} />
      {hermesJobs.length > 0 && (
        <section className={styles.section} aria-labelledby="hermes-jobs">
          <h2 id="hermes-jobs" className={styles.heading}>
            {text.hermes}
          </h2>
          <p className={styles.note}>{text.hermesNote}</p>
          <JobList label={text.hermes} jobs={hermesJobs} onChange={reload} />
        </section>
      )}
    </Page>
  )
}

interface JobListProps {
  readonly label: string
  readonly jobs: readonly JobSummaryFragment[]
  readonly onChange: () => void
}

function JobList({ label, jobs, onChange }: JobListProps) {
  if (jobs.length === 0) return null
  return (
    <ul className={styles.list} aria-label={label}>
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} onChange={onChange} />
      ))}
    </ul>
  )
}
