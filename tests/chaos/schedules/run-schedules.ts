import { InvariantViolation } from '../reader.ts'
import { Schedule } from './schedule.ts'
import { ScheduleWorld } from './schedule-world.ts'

export interface ScheduleOptions {
  /** The seed of the first schedule. Each further one has the next number. */
  readonly seed: number
  readonly count: number
}

export interface ScheduleReport {
  readonly schedules: number
  readonly kills: number
  /** How often each action ended in each way, such as `edit: edited`. */
  readonly actions: Readonly<Record<string, number>>
}

/** Schedules that share a server and a home. */
const schedulesPerWorld = 50
/** Schedules that run at the same time. */
const concurrency = 10

/**
 * Runs random schedules. Each of them has one or two sessions of its own; a crash hits all that run at the same time. Throws an
 * `InvariantViolation` that names the seeds of all schedules that found one.
 */
export async function runSchedules({ seed, count }: ScheduleOptions): Promise<ScheduleReport> {
  const actions: Record<string, number> = {}
  const violations: string[] = []
  let kills = 0
  const seeds = Array.from({ length: count }, (_, index) => seed + index)
  for (let first = 0; first < count; first += schedulesPerWorld) {
    await using world = await ScheduleWorld.start()
    const open = seeds.slice(first, first + schedulesPerWorld)
    const work = async (): Promise<void> => {
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        const schedule = new Schedule(next, world)
        await schedule.run().catch((error: unknown) => {
          violations.push(`Schedule with the seed ${next}: ${String(error)}\n  ${schedule.trace.join('\n  ')}`)
        })
        for (const each of schedule.trace) actions[each] = (actions[each] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
    for (const { message, param } of world.provider.rejections)
      violations.push(`The provider refused a request: ${message} (${param})`)
    kills += world.server.kills
  }
  if (violations.length > 0) throw new InvariantViolation(violations.join('\n\n'))
  return { schedules: count, kills, actions }
}
