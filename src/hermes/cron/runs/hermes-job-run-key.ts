import type { HermesCronSession } from './cron-sessions.ts'
import type { HermesOutputFile } from './hermes-output-file.ts'
import type { HermesExecution } from './read-hermes-executions.ts'

/** What is known of one run: at least one of the three. */
export interface HermesJobRunParts {
  readonly execution: HermesExecution | null
  readonly session: HermesCronSession | null
  readonly output: HermesOutputFile | null
}

/**
 * Ids of executions that could be taken for something else: the name of an output file, the stamp of a session, or an id
 * that this file has made. Hermes' own ids are 32 hexadecimal digits.
 */
const ambiguousExecutionId = /^(?:\d{4}-\d\d-\d\d_|\d{8}_\d{6}|execution-)|:/

/**
 * The id of a run within its job: the id of the execution, else the name of the output file, else the session's stamp. No
 * two runs of a job have the same key, whatever the ids of executions are, and no key contains a colon.
 */
export function toHermesJobRunKey({ execution, session, output }: HermesJobRunParts): string {
  if (!execution) return escapeColons(output?.name ?? session?.stamp ?? '')
  return ambiguousExecutionId.test(execution.id) ? `execution-${escapeColons(execution.id)}` : execution.id
}

/** The id of a run. */
export function toHermesJobRunId(jobId: string, key: string): string {
  return `${jobId}:${key}`
}

/** Splits the id of a run into that of its job and the key of the run; null for any other id. */
export function parseHermesJobRunId(id: string): { readonly jobId: string; readonly key: string } | null {
  const [, jobId, key] = /^(.+):([^:]+)$/s.exec(id) ?? []
  return jobId === undefined || key === undefined ? null : { jobId, key }
}

/**
 * The run with this key. Besides their own keys, runs have the name of their output file, which the ids of version 0.1
 * contain, and the stamp of their session, which is the key until there is an output file.
 */
export function findHermesJobRun<Run extends HermesJobRunParts & { readonly key: string }>(
  runs: readonly Run[],
  wanted: string,
): Run | undefined {
  return (
    runs.find(({ key }) => key === wanted) ??
    runs.find(({ output, session }) => output?.name === wanted || session?.stamp === wanted)
  )
}

/** One to one: the escape character is escaped as well. */
function escapeColons(text: string): string {
  return text.replaceAll(/[%:]/g, encodeURIComponent)
}
