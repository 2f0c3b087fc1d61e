import { expect, test } from 'vitest'
import { runClusterChaos } from '../../chaos/cluster-chaos.ts'

test(
  'three servers of one database keep every guarantee while they are killed and suspended, and the database fails',
  { timeout: 300_000, retry: 0 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
    console.info(`Chaos run with seed ${seed}. To repeat it: npm run chaos -- --processes 3 --seed ${seed}`)
    const report = await runClusterChaos({ seed, processes: 3, kills: 20, races: 200 })
    console.info(report)
    expect(report.kills).toBeGreaterThanOrEqual(20)
    expect(report.races).toBeGreaterThanOrEqual(200)
    const { fillDisk, ...others } = report.failures
    expect(others).toEqual({ suspend: 1, cutConnections: 1, refuseConnections: 1, restart: 1, failOver: 1 })
    if (fillDisk !== 1) console.warn('No disk was full: only root may mount one for PostgreSQL.')
  },
)
