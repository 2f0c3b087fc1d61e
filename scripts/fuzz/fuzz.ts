// Sends random operations to a server, for the last fifth of the time to one that executes trusted documents only:
// npm run fuzz -- --minutes 10 [--seed 1]
import { parseArgs } from 'node:util'
import { runFuzz } from '../../tests/fuzz/fuzz.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
const durationMs = Number(values.minutes) * 60_000
process.stdout.write(`seed ${seed}\n`)
const reports = [
  await runFuzz({ seed, durationMs: durationMs * 0.8 }),
  await runFuzz({ seed, durationMs: durationMs * 0.2, onlyTrusted: true }),
]
for (const { findings, ...report } of reports)
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n${findings.join('\n\n')}\n`)
process.exit(reports.every(({ findings }) => findings.length === 0) ? 0 : 1)
