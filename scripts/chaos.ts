// Runs the chaos tests for longer than the test suite does: npm run chaos -- --minutes 10 [--seed 1], or random schedules:
// npm run chaos -- --schedules 1000 [--seed 1]
import { parseArgs } from 'node:util'
import { runChaos } from '../tests/chaos/chaos.ts'
import { runSchedules } from '../tests/chaos/schedules/run-schedules.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, schedules: { type: 'string' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
process.stdout.write(`seed ${seed}\n`)
const report =
  values.schedules === undefined
    ? await runChaos({ seed, durationMs: Number(values.minutes) * 60_000 })
    : await runSchedules({ seed, count: Number(values.schedules) })
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
