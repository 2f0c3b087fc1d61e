import { expect, test } from 'vitest'
import { runSchedules } from './run-schedules.ts'

const count = Number(process.env['CHAOS_SCHEDULES'] ?? 10)

test(
  'whatever clients do at the same time and whenever the server is killed, each message is applied, answered or taken back once',
  { timeout: 30_000 + count * 3_000 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.info(
      `Schedules from the seed ${seed}. To repeat them: npm run chaos -- --schedules ${count} --seed ${seed}`,
    )
    const report = await runSchedules({ seed, count })
    console.info(report)
    expect(report.schedules).toBe(count)
  },
)
