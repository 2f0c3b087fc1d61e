import type { HermesExecution } from './read-hermes-executions.ts'

/** From when to when an execution ran, in epoch milliseconds. */
export interface ExecutionPeriod {
  readonly execution: HermesExecution
  readonly start: number
  /** Infinity if it has not ended. */
  readonly end: number
}

/** How the time of something that an execution left behind is compared with periods. Times are in epoch milliseconds. */
export interface ExecutionTimeRule<Item> {
  /** Bounds of the instants below. */
  readonly getRange: (item: Item) => { readonly from: number; readonly to: number }
  /** The instants that the item's time stands for if it belongs to this execution. */
  readonly getInstants: (item: Item, execution: HermesExecution) => readonly number[]
  /** By how much the real time may be later. */
  readonly precisionMs: number
}

/** The periods of the executions that have started, the earliest start first. */
export function toExecutionPeriods(executions: readonly HermesExecution[]): ExecutionPeriod[] {
  return executions
    .flatMap((execution) => {
      const start = (execution.startedAt ?? execution.claimedAt)?.epochMs
      if (!execution.hasStarted || start === undefined) return []
      return [{ execution, start, end: Math.max(start, execution.finishedAt?.epochMs ?? Number.POSITIVE_INFINITY) }]
    })
    .toSorted((a, b) => a.start - b.start)
}

/**
 * Gives each item, in this order, to the execution in whose period it is: of several, to the last to start that has none yet.
 * `periods`: the earliest start first.
 */
export function matchExecutionPeriods<Item>(
  periods: readonly ExecutionPeriod[],
  items: readonly Item[],
  { getRange, getInstants, precisionMs }: ExecutionTimeRule<Item>,
): Map<HermesExecution, Item> {
  const latestEnds = listLatestEnds(periods)
  const matches = new Map<HermesExecution, Item>()
  for (const item of items) {
    const { from, to } = getRange(item)
    const isMatch = ({ execution, start, end }: ExecutionPeriod): boolean =>
      !matches.has(execution) &&
      getInstants(item, execution).some((instant) => instant + precisionMs >= start && instant <= end)
    let index = countPeriodsStartedBy(periods, to + precisionMs) - 1
    while (index >= 0 && (latestEnds[index] ?? 0) >= from) {
      const period = periods[index--]
      if (!period || !isMatch(period)) continue
      matches.set(period.execution, item)
      break
    }
  }
  return matches
}

/** The latest end of each period and all before it. */
function listLatestEnds(periods: readonly ExecutionPeriod[]): number[] {
  let latest = 0
  return periods.map(({ end }) => (latest = Math.max(latest, end)))
}

/** By binary search. */
function countPeriodsStartedBy(periods: readonly ExecutionPeriod[], instant: number): number {
  let [low, high] = [0, periods.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((periods[middle]?.start ?? 0) <= instant) low = middle + 1
    else high = middle
  }
  return low
}
