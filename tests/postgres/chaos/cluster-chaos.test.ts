import { expect, test } from 'vitest'
import { runClusterChaos } from '../../chaos/cluster-chaos.ts'

test(
  'three servers of one database keep every guarantee while they are killed and suspended, and the database fails',
  { timeout: 600_000, retry: 0 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
    console.info(`Chaos run with seed ${seed}. To repeat it: npm run chaos -- --processes 3 --seed ${seed}`)
    const report = await runClusterChaos({ seed, processes: 3, kills: 20, races: 200 })
    console.info(report)
    expect(report.kills).toBeGreaterThanOrEqual(20)
    expect(report.races).toBeGreaterThanOrEqual(200)
    expect(report.pauses).toBeGreaterThan(0)
    const { fillDisk, ...others } = report.failures
    const names = ['suspend', 'cutConnections', 'refuseConnections', 'slowConnections', 'restart', 'failOver']
    expect(others).toEqual(Object.fromEntries(names.map((name) => [name, 1])))
    if (fillDisk !== 1) console.warn('No disk was full: only root may mount one for PostgreSQL.')
  },
)
