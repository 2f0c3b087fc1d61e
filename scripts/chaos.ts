// Runs the chaos test for longer than the test suite does: npm run chaos -- --minutes 10 [--seed 1]
import { parseArgs } from 'node:util'
import { runChaos } from '../tests/chaos/chaos.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
process.stdout.write(`seed ${seed}\n`)
const report = await runChaos({ seed, durationMs: Number(values.minutes) * 60_000 })
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
