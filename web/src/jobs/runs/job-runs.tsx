import { useState } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { JobRunsDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { JobRunItem } from './job-run-item.tsx'
import styles from './job-runs.module.css'

const pageSize = 20

interface JobRunsProps {
  readonly jobId: string
  /** The runs are read again when it is another one. */
  readonly version: string
}

/** The runs of a job, newest first. The newest one is open. */
export function JobRuns({ jobId, version }: JobRunsProps) {
  const text = strings.jobs.runs
  const [count, setCount] = useState(pageSize)
  const { data, error, isLoading } = useQuery(JobRunsDocument, { id: jobId, first: count }, version)
  const runs = data?.job?.runs
  return (
    <section className={styles.runs} aria-labelledby="job-runs">
      <h2 id="job-runs" className={styles.heading}>
        {text.title}
      </h2>
      {error && <p role="alert">{error.message}</p>}
      {runs?.edges.length === 0 && <p className={styles.note}>{text.empty}</p>}
      <ul className={styles.list} aria-labelledby="job-runs" aria-busy={isLoading}>
        {runs?.edges.map(({ node }, index) => (
          <JobRunItem key={node.id} run={node} isNewest={index === 0} />
        ))}
      </ul>
      {runs?.pageInfo.hasNextPage && (
        <Button kind="quiet" disabled={isLoading} onClick={() => setCount(count + pageSize)}>
          {text.more}
        </Button>
      )}
    </section>
  )
}
