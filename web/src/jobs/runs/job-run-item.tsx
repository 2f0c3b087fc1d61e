import { ChevronRight } from 'lucide-react'
import { lazy, Suspense, useId, useState } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../../routing/routes.ts'
import { UsageSummary } from '../../formats/usage-summary.tsx'
import { formatDuration } from '../../formats/format-duration.ts'
import { formatDateTime } from '../../formats/format-time.ts'
import type { ShownJobRunFragment } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { RunStatusMark } from '../state-mark.tsx'
import styles from './job-runs.module.css'
import { loadPatiently } from '../../components/errors/load-patiently.ts'

const Markdown = lazy(
  loadPatiently(async () => {
    const module = await import('../../chat/markdown/markdown.tsx')
    return { default: module.Markdown }
  }),
)

interface JobRunItemProps {
  readonly run: ShownJobRunFragment
  /** It is open until it is closed. */
  readonly isNewest: boolean
}

/** One run of a job: how it went, what it cost, and what came out. */
export function JobRunItem({ run, isNewest }: JobRunItemProps) {
  const text = strings.jobs.runs
  const { startedAt, finishedAt, status, trigger, usage, session } = run
  const [choice, setChoice] = useState<boolean | null>(null)
  const isOpen = choice ?? isNewest
  const contentId = useId()
  const time = formatDateTime(startedAt)
  return (
    <li className={styles.run}>
      <div className={styles.line}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          aria-controls={isOpen ? contentId : undefined}
          aria-label={text.output(time)}
          onClick={() => setChoice(!isOpen)}
        >
          <ChevronRight className={styles.arrow} aria-hidden="true" />
          <time dateTime={startedAt}>{time}</time>
        </button>
        <RunStatusMark status={status} />
        <span className={styles.details}>
          {trigger === 'MANUAL' && <span>{text.manual}</span>}
          {finishedAt != null && (
            <span>{text.took(formatDuration(Date.parse(finishedAt) - Date.parse(startedAt)))}</span>
          )}
          {usage && <UsageSummary usage={usage} />}
        </span>
        {session ? (
          <Link href={toChatPath(session.id)} className={styles.chat}>
            {text.openChat}
          </Link>
        ) : (
          status !== 'RUNNING' && <span className={styles.details}>{text.noChat}</span>
        )}
      </div>
      {run.error != null && <p className={styles.error}>{run.error}</p>}
      {isOpen && (
        <div className={styles.output} id={contentId}>
          {run.output == null ? (
            status !== 'RUNNING' && run.error == null && <p className={styles.note}>{text.noOutput}</p>
          ) : (
            <Suspense fallback={<p className={styles.plain}>{run.output}</p>}>
              <Markdown text={run.output} isStreaming={false} />
            </Suspense>
          )}
        </div>
      )}
    </li>
  )
}
