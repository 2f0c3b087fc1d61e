// Sends random operations to a server: npm run fuzz -- --minutes 10 [--seed 1]
import { parseArgs } from 'node:util'
import { runFuzz } from '../../tests/fuzz/fuzz.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
process.stdout.write(`seed ${seed}\n`)
const { findings, ...report } = await runFuzz({ seed, durationMs: Number(values.minutes) * 60_000 })
process.stdout.write(`${JSON.stringify(report, null, 2)}\n${findings.join('\n\n')}\n`)
process.exit(findings.length === 0 ? 0 : 1)
