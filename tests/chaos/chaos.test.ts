import { expect, test } from 'vitest'
import { runChaos } from './chaos.ts'

const durationMs = 4_000

test(
  'whatever happens, what readers were shown is what is saved, and nothing is left running',
  { timeout: 90_000 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
    console.info(`chaos: the seed is ${seed}; npm run chaos -- --seed ${seed} runs it again`)
    const report = await runChaos({ seed, durationMs, minStreams: 8 })
    console.info(report)
    expect(report.streams).toBeGreaterThanOrEqual(8)
    expect(report.connections).toBeGreaterThan(report.streams)
  },
)
