import { expect, test } from 'vitest'
import { expectExactAnswer, runSchedules, startScheduleWorld } from './schedule-world.ts'
import { runSchedule } from './run-schedule.ts'

const rounds = Number(process.env['SCHEDULE_ROUNDS'] ?? 50)
const firstSeed = Number(process.env['SCHEDULE_SEED'] ?? 1)

test(
  `${rounds} answers arrive exactly once through connections that break at random, in Node`,
  async () => {
    await using world = await startScheduleWorld()
    await runSchedules(rounds, firstSeed, (schedule) => expectExactAnswer(world, schedule, runSchedule))
    expect(world.provider.requests.length).toBeGreaterThan(rounds / 2)
  },
  60_000 + rounds * 2000,
)
