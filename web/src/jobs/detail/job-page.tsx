import { Page } from '../../components/page/page.tsx'
import { JobDetailDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { BackToJobs } from '../back-to-jobs.tsx'
import { toRunVersion } from '../run-version.ts'
import { JobRuns } from '../runs/job-runs.tsx'
import { JobStateMark } from '../state-mark.tsx'
import { useJobRunChanges } from '../use-job-run-changes.ts'
import { JobActions } from './job-actions.tsx'
import { JobFacts } from './job-facts.tsx'
import type { JobDetails } from './job-details.ts'
import { JobText } from './job-text.tsx'
import styles from './job-page.module.css'

/** One job: its settings, what can be done with it, and its runs, live. */
export function JobPage({ id }: { readonly id: string }) {
  const { data, error, reload } = useQuery(JobDetailDocument, { id })
  const job = data?.job ?? null
  useJobRunChanges(job?.profile.name ?? null, id, reload)
  return (
    <Page
      title={job?.name ?? strings.jobs.title}
      mark={job && <JobStateMark state={job.state} />}
      back={<BackToJobs />}
      actions={job?.origin === 'SEGUE' && <JobActions job={job} onChange={reload} />}
    >
      {error && <p role="alert">{error.message}</p>}
      {data && !job && <p>{strings.jobs.notFound}</p>}
      {job && <JobContent job={job} />}
    </Page>
  )
}

function JobContent({ job }: { readonly job: JobDetails }) {
  const text = strings.jobs
  return (
    <>
      {job.origin === 'HERMES' && <p className={styles.note}>{text.hermesNote}</p>}
      {job.error != null && (
        <p className={styles.error} role="alert">
          {job.error}
        </p>
      )}
      <JobFacts job={job} />
      <JobText title={text.facts.prompt} text={job.prompt} />
      {job.instructions != null && <JobText title={text.facts.instructions} text={job.instructions} />}
      <JobRuns jobId={job.id} version={toRunVersion(job)} />
    </>
  )
}
