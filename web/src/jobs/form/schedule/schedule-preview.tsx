import { useId } from 'react'
import { formatDateTime, getOwnTimeZone } from '../../../formats/format-time.ts'
import { strings } from '../../../strings/strings.ts'
import styles from './schedule.module.css'

interface SchedulePreviewProps {
  /** RFC 3339. */
  readonly times: readonly string[]
  readonly error: string | null
  /** That of the job. */
  readonly timezone: string
}

/** The next runs of a schedule, in the time zone of the person; where the job has another one, in that as well. */
export function SchedulePreview({ times, error, timezone }: SchedulePreviewProps) {
  const text = strings.jobs.schedule
  const labelId = useId()
  return (
    <section className={styles.preview} aria-labelledby={labelId}>
      <h2 id={labelId} className={styles.previewTitle}>
        {text.preview}
      </h2>
      <div role="status">
        {error !== null && <p className={styles.problem}>{error}</p>}
        {error === null && times.length === 0 && <p className={styles.hint}>{text.previewEmpty}</p>}
        {times.length > 0 && (
          <ol className={styles.times}>
            {times.map((time) => (
              <li key={time}>
                <time dateTime={time}>{formatDateTime(time)}</time>
                {timezone !== getOwnTimeZone() && (
                  <span className={styles.hint}>{text.elsewhere(formatDateTime(time, timezone), timezone)}</span>
                )}
              </li>
            ))}
          </ol>
        )}
      </div>
      <p className={styles.hint}>{text.previewZone(getOwnTimeZone())}</p>
    </section>
  )
}
