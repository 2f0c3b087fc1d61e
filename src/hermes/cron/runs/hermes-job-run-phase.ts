import type { JobRunRecord } from '../../../model/job.ts'
import type { HermesJobRunParts } from './hermes-job-run-key.ts'
import { isHermesExecutionRunning } from './read-hermes-executions.ts'

/**
 * How far a run is. The order is that in which a run passes them: one whose process cannot be found may have finished all the
 * same, as when Hermes runs in a container.
 */
export type HermesJobRunPhase = 'RUNNING' | 'INTERRUPTED' | 'FINISHED'

const ranks: Readonly<Record<HermesJobRunPhase, number>> = { RUNNING: 0, INTERRUPTED: 1, FINISHED: 2 }

/** Null if it is not known whether the run has ended: of another version's execution, or of a session alone. */
export function toHermesJobRunPhase({ execution, session, output }: HermesJobRunParts): HermesJobRunPhase | null {
  switch (execution?.status) {
    case 'claimed':
    case 'running':
      return isHermesExecutionRunning(execution) ? 'RUNNING' : 'INTERRUPTED'
    case 'completed':
    case 'failed':
      return 'FINISHED'
    case 'unknown':
      return 'INTERRUPTED'
    case null:
    case undefined:
      return output || (session?.endedAt ?? null) !== null ? 'FINISHED' : null
  }
}

/** The phase of a run that was read. */
export function phaseFromHermesJobRun({ status }: JobRunRecord): HermesJobRunPhase {
  return status === 'RUNNING' || status === 'INTERRUPTED' ? status : 'FINISHED'
}

export function isLaterPhase(phase: HermesJobRunPhase, other: HermesJobRunPhase): boolean {
  return ranks[phase] > ranks[other]
}
