import type { HermesCronSession } from './cron-sessions.ts'
import type { HermesOutputFile } from './hermes-output-file.ts'
import {
  type ExecutionPeriod,
  type ExecutionTimeRule,
  matchExecutionPeriods,
  toExecutionPeriods,
} from './execution-periods.ts'
import { localTimeToInstant } from '../../../lib/time-zone.ts'
import { parseLocalTimeName } from '../parse-local-time-name.ts'
import { type HermesJobRunParts, toHermesJobRunKey } from './hermes-job-run-key.ts'
import type { HermesExecution } from './read-hermes-executions.ts'

/** Everything that Hermes stores about the runs of one job. */
export interface HermesJobRunRecords {
  readonly executions: readonly HermesExecution[]
  /** Newest first. */
  readonly sessions: readonly HermesCronSession[]
  /** Newest first. */
  readonly outputs: readonly HermesOutputFile[]
}

/** A run of a job, with its place among the others. */
export interface JoinedHermesJobRun extends HermesJobRunParts {
  /** The run's id within its job. */
  readonly key: string
  /** The order among the job's runs: unique, ascending, and more than any number of 14 digits. */
  readonly position: number
}

type UnorderedRun = HermesJobRunParts & { readonly microseconds: number }

/** Positions count microseconds from here, so that all of them are more than the digits of a local time. */
const firstPosition = 100_000_000_000_000
const maxMicroseconds = 8_000_000_000_000_000 // in the year 2223: later times are wrong, and would be no safe integers
const earliestDigits = 19_700_102_000_000
const min = (a: number, b: number): number => Math.min(a, b)
const max = (a: number, b: number): number => Math.max(a, b)

/**
 * The runs of a job, newest first. Hermes does not store which session and output file belong to an execution: they are
 * joined by time. Sessions and output files without an execution are runs as well. Most of them are older than the
 * executions that Hermes keeps.
 */
export function joinHermesJobRuns({ executions, sessions, outputs }: HermesJobRunRecords): JoinedHermesJobRun[] {
  const periods = toExecutionPeriods(executions)
  const sessionsByExecution = matchExecutionPeriods(periods, sessions.toReversed(), sessionTimeRule)
  const outputsByExecution = matchOutputs(periods, outputs)
  const runs = executions.map((execution): UnorderedRun => {
    const session = sessionsByExecution.get(execution) ?? null
    const output = outputsByExecution.get(execution) ?? null
    return { microseconds: toSortTime(execution), execution, session, output }
  })
  const joined = new Set<object>([...sessionsByExecution.values(), ...outputsByExecution.values()])
  return assignPositions([...runs, ...joinWithoutExecutions(sessions, outputs, joined)])
}

const sessionTimeRule: ExecutionTimeRule<HermesCronSession> = {
  getRange: ({ startedAt }) => ({ from: startedAt, to: startedAt }),
  getInstants: ({ startedAt }) => [startedAt],
  precisionMs: 0,
}

/** Names of output files have no fractions of a second. */
const outputPrecisionMs = 999

/**
 * The local time of an output file is that of the process that wrote the execution, whose times have its UTC offset. It may
 * differ from the time zone of the home, which is set by an environment variable as well and may have been another one.
 * Where the two do not agree, the one under which more files belong to an execution is right.
 */
function matchOutputs(
  periods: readonly ExecutionPeriod[],
  outputs: readonly HermesOutputFile[],
): Map<HermesExecution, HermesOutputFile> {
  const offsets = periods.flatMap(({ execution }) => listUtcOffsets(execution))
  const [minOffset, maxOffset] = [
    offsets.reduce(min, Number.POSITIVE_INFINITY),
    offsets.reduce(max, Number.NEGATIVE_INFINITY),
  ]
  const byOffset = matchExecutionPeriods(periods, outputs, {
    getRange: ({ localTime: { ms } }) => ({ from: ms - maxOffset, to: ms - minOffset }),
    getInstants: ({ localTime }, execution) => listUtcOffsets(execution).map((offset) => localTime.ms - offset),
    precisionMs: outputPrecisionMs,
  })
  const byZone = matchExecutionPeriods(periods, outputs, {
    getRange: ({ instants }) => ({ from: instants.reduce(min), to: instants.reduce(max) }),
    getInstants: ({ instants }) => instants,
    precisionMs: outputPrecisionMs,
  })
  return byZone.size > byOffset.size ? byZone : byOffset
}

/** Those of its start and its end, which a DST change may be between. */
function listUtcOffsets({ claimedAt, startedAt, finishedAt }: HermesExecution): number[] {
  return [startedAt ?? claimedAt, finishedAt].flatMap((time) => (time ? [time.utcOffsetMs] : []))
}

/** The runs of the sessions and output files that belong to no execution. `joined`: those that do. */
function joinWithoutExecutions(
  sessions: readonly HermesCronSession[],
  outputs: readonly HermesOutputFile[],
  joined: ReadonlySet<object>,
): UnorderedRun[] {
  const sessionsWithOutput = new Set<HermesCronSession>()
  let sessionIndex = 0
  const runsWithOutput = outputs.flatMap((output, index): UnorderedRun[] => {
    while (sessionIndex < sessions.length && !hasStartedBefore(sessions[sessionIndex], output)) sessionIndex++
    if (joined.has(output)) return []
    const latest = sessions[sessionIndex]
    const isOwn = latest && !joined.has(latest) && !hasStartedBefore(latest, outputs[index + 1])
    const session = isOwn ? latest : null
    if (session) sessionsWithOutput.add(session)
    const microseconds = (session?.startedAt ?? output.savedAt) * 1000
    return [{ microseconds, execution: null, session, output }]
  })
  const runsWithSession = sessions
    .filter((session) => !joined.has(session) && !sessionsWithOutput.has(session))
    .map((session): UnorderedRun => {
      return { microseconds: session.startedAt * 1000, execution: null, session, output: null }
    })
  return [...runsWithOutput, ...runsWithSession]
}

/** Compares local times, which need no time zone, except in the hour that a DST change repeats. */
function hasStartedBefore(session: HermesCronSession | undefined, output: HermesOutputFile | undefined): boolean {
  if (!session || !output) return false
  if (output.instants.length > 1) return session.startedAt <= output.savedAt + outputPrecisionMs
  return session.localTime.digits <= output.localTime.digits
}

/**
 * The position for a position that may come from an earlier version, whose positions were the digits of the output file's
 * local time.
 */
export function resolveRunPosition(runs: readonly JoinedHermesJobRun[], position: number, timezone: string): number {
  if (position >= firstPosition) return position
  const run = runs.find(({ output }) => output?.localTime.digits === position)
  if (run) return run.position
  const localTime = parseLocalTimeName(String(position))
  if (localTime.digits !== position || position < earliestDigits) return position
  return firstPosition + localTimeToInstant(localTime.ms, timezone) * 1000
}

function toSortTime({ claimedAt, startedAt, finishedAt }: HermesExecution): number {
  const time = claimedAt ?? startedAt ?? finishedAt
  return time ? time.epochMs * 1000 + time.microseconds : 0
}

/** Sorts the runs, newest first. Runs of the same microsecond are in the order of their keys. */
function assignPositions(runs: readonly UnorderedRun[]): JoinedHermesJobRun[] {
  const withKeys = runs.map((run) => ({ ...run, key: toHermesJobRunKey(run) }))
  const oldestFirst = withKeys.toSorted((a, b) => a.microseconds - b.microseconds || (a.key < b.key ? -1 : 1))
  const positioned: JoinedHermesJobRun[] = []
  let lastPosition = 0
  for (const { microseconds, ...run } of oldestFirst) {
    lastPosition = Math.max(firstPosition + Math.min(microseconds, maxMicroseconds), lastPosition + 1)
    positioned.push({ ...run, position: lastPosition })
  }
  return positioned.toReversed()
}
