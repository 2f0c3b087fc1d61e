import type { JobRunRecord, JobRunStatus } from '../../../model/job.ts'
import { type HermesJobRunParts, toHermesJobRunId } from './hermes-job-run-key.ts'
import type { JoinedHermesJobRun } from './join-hermes-job-runs.ts'
import { isHermesExecutionRunning } from './read-hermes-executions.ts'
import type { HermesCronOutput } from './run-output.ts'

/** The record of a run. `document`: the contents of its output file; null without one, or if it cannot be read. */
export function toHermesJobRunRecord(
  jobId: string,
  run: JoinedHermesJobRun,
  document: HermesCronOutput | null,
): JobRunRecord {
  const status = toStatus(run, document)
  const { execution } = run
  const startedAt = toHermesJobRunStartTime(run)
  return {
    id: toHermesJobRunId(jobId, run.key),
    jobId,
    position: run.position,
    // Hermes does not record which runs were started by hand.
    trigger: 'SCHEDULE',
    status,
    scheduledFor: null,
    startedAt,
    finishedAt: status === 'RUNNING' ? null : toHermesJobRunEndTime(run),
    output: document?.output ?? null,
    error: status === 'OK' ? null : (execution?.error ?? document?.error ?? null),
    sessionId: run.session?.id ?? null,
    usage: run.session?.usage ?? null,
  }
}

function toStatus(run: JoinedHermesJobRun, document: HermesCronOutput | null): JobRunStatus {
  switch (run.execution?.status) {
    case 'claimed':
    case 'running':
      return isHermesExecutionRunning(run.execution) ? 'RUNNING' : 'INTERRUPTED'
    case 'completed':
      return 'OK'
    case 'failed':
      return 'ERROR'
    case 'unknown':
      return 'INTERRUPTED'
    case null:
    case undefined:
      if (document) return document.failed ? 'ERROR' : 'OK'
      return (run.session?.endedAt ?? null) === null ? 'INTERRUPTED' : 'OK'
  }
}

/** When the run started, in epoch milliseconds; 0 if nothing says so. */
export function toHermesJobRunStartTime({ execution, session, output }: HermesJobRunParts): number {
  const executionStart = (execution?.startedAt ?? execution?.claimedAt)?.epochMs
  return executionStart ?? session?.startedAt ?? output?.savedAt ?? execution?.finishedAt?.epochMs ?? 0
}

/** When the run ended, in epoch milliseconds. Null if it is unknown, as that of a run whose process has died. */
export function toHermesJobRunEndTime(run: HermesJobRunParts): number | null {
  const { execution, session, output } = run
  const end = execution?.finishedAt?.epochMs ?? session?.endedAt ?? output?.savedAt ?? null
  return end === null ? null : Math.max(end, toHermesJobRunStartTime(run))
}
