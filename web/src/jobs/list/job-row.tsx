import { Pause, Play, RotateCw } from 'lucide-react'
import { Link } from 'wouter'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { formatDateTime, formatTimeUntil } from '../../formats/format-time.ts'
import type { JobSummaryFragment } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { describeSchedule } from '../form/schedule/describe-schedule.ts'
import { toJobPath } from '../job-paths.ts'
import { JobStateMark, RunStatusText } from '../state-mark.tsx'
import { useJobCommands } from '../use-job-commands.ts'
import styles from './job-list.module.css'

interface JobRowProps {
  readonly job: JobSummaryFragment
  readonly onChange: () => void
}

/** One job: what it is, when it runs next, how it went last, and what can be done with it at once. */
export function JobRow({ job, onChange }: JobRowProps) {
  const { id, name, schedule, state, error, nextRunAt, lastRun, origin } = job
  const action = useAction()
  const problem = action.error ?? error
  return (
    <li className={styles.row}>
      <div className={styles.main}>
        <div className={styles.nameLine}>
          <Link href={toJobPath(id)} className={styles.name}>
            {name}
          </Link>
          <JobStateMark state={state} />
        </div>
        <p className={styles.details}>
          <span>{describeSchedule(schedule)}</span>
          {nextRunAt != null && (
            <time dateTime={nextRunAt} title={formatDateTime(nextRunAt)}>
              {strings.jobs.next(formatTimeUntil(nextRunAt, Date.now()))}
            </time>
          )}
          {lastRun && lastRun.status !== 'RUNNING' && (
            <span className={styles.last}>
              <RunStatusText status={lastRun.status} />
              <time dateTime={lastRun.startedAt} title={formatDateTime(lastRun.startedAt)}>
                {formatTimeUntil(lastRun.startedAt, Date.now())}
              </time>
            </span>
          )}
        </p>
        {problem != null && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
      </div>
      {origin === 'SEGUE' && <RowActions job={job} onChange={onChange} action={action} />}
    </li>
  )
}

function RowActions({ job, onChange, action }: JobRowProps & { readonly action: ReturnType<typeof useAction> }) {
  const { runNow, setEnabled } = useJobCommands()
  const text = strings.jobs.actions
  const { id, name, enabled, state } = job
  const run = (act: () => Promise<void>): void => action.run(() => act().finally(onChange))
  return (
    <div className={styles.actions}>
      <IconButton
        label={text.runNowOf(name)}
        disabled={action.isRunning || state === 'RUNNING'}
        onClick={() => run(() => runNow(id))}
      >
        <Play />
      </IconButton>
      <IconButton
        label={enabled ? text.pauseOf(name) : text.resumeOf(name)}
        disabled={action.isRunning || state === 'COMPLETED'}
        onClick={() => run(() => setEnabled(id, !enabled))}
      >
        {enabled ? <Pause /> : <RotateCw />}
      </IconButton>
    </div>
  )
}
