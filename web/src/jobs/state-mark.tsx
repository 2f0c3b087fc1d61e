import { StateBadge, type Tone } from '../components/state-badge/state-badge.tsx'
import type { JobRunStatus, JobState } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'
import styles from './state-mark.module.css'

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
  return <StateBadge tone={jobTones[state]}>{strings.jobs.states[state]}</StateBadge>
}

export function RunStatusMark({ status }: { readonly status: JobRunStatus }) {
  return <StateBadge tone={runTones[status]}>{strings.jobs.runs.statuses[status]}</StateBadge>
}

/** The same within a line of text. */
export function RunStatusText({ status }: { readonly status: JobRunStatus }) {
  return (
    <span className={styles.text} data-tone={runTones[status]}>
      {strings.jobs.runs.statuses[status]}
    </span>
  )
}
