import { textFromHermesCell } from '../../state/cell-values.ts'
import { isProcessAlive } from './is-process-alive.ts'
import { parsePythonDateTime, type PythonTime } from '../python-time.ts'
import { readCronDatabase } from '../read-cron-database.ts'

const statuses = ['claimed', 'running', 'completed', 'failed', 'unknown'] as const

/** An attempt of Hermes to run a job: a row of executions.db. Times that cannot be read are null. */
export interface HermesExecution {
  readonly id: string
  readonly jobId: string
  /** `unknown`: Hermes found its process dead. Null: a status of another version of Hermes. */
  readonly status: (typeof statuses)[number] | null
  /** The process that runs it, or did. */
  readonly owner: { readonly pid: unknown; readonly startedAt: unknown }
  readonly claimedAt: PythonTime | null
  readonly startedAt: PythonTime | null
  /** Of the status `unknown`, when Hermes noticed it. */
  readonly finishedAt: PythonTime | null
  /** False if it failed before it began, or waits for its turn. */
  readonly hasStarted: boolean
  readonly error: string | null
}

type ExecutionRow = Record<(typeof columns)[number], unknown>

const columns = [
  'id',
  'job_id',
  'pid',
  'process_started_at',
  'status',
  'claimed_at',
  'started_at',
  'finished_at',
  'error',
] as const

/**
 * The executions of one job, or of all jobs if `jobId` is null, in no particular order. Rows without an id are left out.
 * Times without an offset are local times of `timezone`. Throws as `readCronDatabase` does.
 */
export function readHermesExecutions(
  path: string,
  { jobId, timezone, lockTimeoutMs }: { jobId: string | null; timezone: string; lockTimeoutMs: number },
): HermesExecution[] {
  const sql = `SELECT ${columns.join(', ')} FROM executions`
  const query = jobId === null ? { sql } : { sql: `${sql} WHERE job_id = ?`, parameters: [jobId] }
  const read = (): HermesExecution[] =>
    readCronDatabase<ExecutionRow>(path, lockTimeoutMs, query).flatMap((row) => toExecution(row, timezone) ?? [])
  const executions = read()
  // A process that is gone now may have stored the end of its execution after that was read.
  return executions.some((each) => isUnfinished(each) && !isHermesExecutionRunning(each)) ? read() : executions
}

/** Whether an execution waits or runs in a process that is alive. A dead one is noticed by Hermes only at its next start. */
export function isHermesExecutionRunning(execution: HermesExecution): boolean {
  return isUnfinished(execution) && isProcessAlive(execution.owner.pid, execution.owner.startedAt)
}

function isUnfinished({ status }: HermesExecution): boolean {
  return status === 'claimed' || status === 'running'
}

function toExecution(row: ExecutionRow, timezone: string): HermesExecution | null {
  const id = textFromHermesCell(row.id) ?? ''
  const jobId = textFromHermesCell(row.job_id) ?? ''
  if (id === '' || jobId === '') return null
  return {
    id,
    jobId,
    status: statuses.find((status) => status === row.status) ?? null,
    owner: { pid: row.pid, startedAt: row.process_started_at },
    claimedAt: parsePythonDateTime(row.claimed_at, timezone),
    startedAt: parsePythonDateTime(row.started_at, timezone),
    finishedAt: parsePythonDateTime(row.finished_at, timezone),
    hasStarted: row.started_at !== null,
    error: textFromHermesCell(row.error),
  }
}
