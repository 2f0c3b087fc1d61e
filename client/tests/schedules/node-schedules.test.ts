import { expect, test } from 'vitest'
import { expectExactAnswer, rounds, runSchedules, startScheduleWorld } from './schedule-world.ts'
import { runSchedule } from './run-schedule.ts'

test(
  `${rounds} answers arrive exactly once through connections that break at random, in Node`,
  { timeout: 60_000 + rounds * 2000, retry: 0 },
  async () => {
    await using world = await startScheduleWorld()
    await runSchedules((schedule) => expectExactAnswer(world, schedule, runSchedule))
    expect(world.provider.requests.length).toBeGreaterThan(rounds / 2)
  },
)
