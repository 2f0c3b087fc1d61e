import { expect, test } from 'vitest'
import { runChaos } from './chaos.ts'

const durationMs = 4_000

test(
  'in a run with random failures, every reader has received what is stored, and no stream is left running',
  { timeout: 90_000, retry: 0 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
    console.info(`Chaos run with seed ${seed}. To repeat it: npm run chaos -- --seed ${seed}`)
    const report = await runChaos({ seed, durationMs, minStreams: 8 })
    console.info(report)
    expect(report.streams).toBeGreaterThanOrEqual(8)
    expect(report.connections).toBeGreaterThan(report.streams)
  },
)
