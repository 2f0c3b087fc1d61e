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
  const matches = new Map<HermesExecution, Item>()
  const earliestStart = periods[0]?.start ?? Number.POSITIVE_INFINITY
  for (const item of items) {
    const { from, to } = getRange(item)
    if (to + precisionMs < earliestStart) continue
    const period = periods.findLast(
      ({ execution, start, end }) =>
        start <= to + precisionMs &&
        end >= from &&
        !matches.has(execution) &&
        getInstants(item, execution).some((instant) => instant + precisionMs >= start && instant <= end),
    )
    if (period) matches.set(period.execution, item)
  }
  return matches
}
