import type { JobRunStatus, JobState } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'
import styles from './state-mark.module.css'

type Tone = 'good' | 'bad' | 'active' | 'warm' | 'quiet'

const jobTones: Readonly<Record<JobState, Tone>> = {
  SCHEDULED: 'quiet',
  RUNNING: 'active',
  PAUSED: 'warm',
  COMPLETED: 'quiet',
  ERROR: 'bad',
}

const runTones: Readonly<Record<JobRunStatus, Tone>> = {
  OK: 'good',
  ERROR: 'bad',
  RUNNING: 'active',
  CANCELLED: 'quiet',
  INTERRUPTED: 'warm',
}

export function JobStateMark({ state }: { readonly state: JobState }) {
  return <Mark tone={jobTones[state]} text={strings.jobs.states[state]} />
}

export function RunStatusMark({ status }: { readonly status: JobRunStatus }) {
  return <Mark tone={runTones[status]} text={strings.jobs.runs.statuses[status]} />
}

/** The same within a line of text. */
export function RunStatusText({ status }: { readonly status: JobRunStatus }) {
  return (
    <span className={styles.text} data-tone={runTones[status]}>
      {strings.jobs.runs.statuses[status]}
    </span>
  )
}

function Mark({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return (
    <span className={styles.mark} data-tone={tone}>
      {text}
    </span>
  )
}
