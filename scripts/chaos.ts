// Runs the chaos tests for longer than the test suite does: npm run chaos -- --minutes 10 [--seed 1]; random schedules:
// npm run chaos -- --schedules 1000 [--seed 1]; or several processes on one PostgreSQL:
// npm run chaos -- --processes 3 --kills 1000 --races 10000 [--seed 1]
import { parseArgs } from 'node:util'
import { runChaos } from '../tests/chaos/chaos.ts'
import { runClusterChaos } from '../tests/chaos/cluster-chaos.ts'
import { runSchedules } from '../tests/chaos/schedules/run-schedules.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    schedules: { type: 'string' },
    processes: { type: 'string' },
    kills: { type: 'string', default: '20' },
    races: { type: 'string', default: '200' },
    seed: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
process.stdout.write(`seed ${seed}\n`)

/** What one run has at most: then it is verified, and the next one begins with an empty database. */
const runLimits = { kills: 20, races: 200 }

async function runClusters(processes: number, kills: number, races: number): Promise<void> {
  const count = Math.max(1, Math.ceil(kills / runLimits.kills), Math.ceil(races / runLimits.races))
  for (let run = 0; run < count; run += 1) {
    const share = { kills: Math.ceil(kills / count), races: Math.ceil(races / count) }
    const report = await runClusterChaos({ seed: seed + run, processes, ...share })
    process.stdout.write(`run ${run + 1} of ${count}, seed ${seed + run}: ${JSON.stringify(report)}\n`)
  }
}

if (values.processes !== undefined)
  await runClusters(Number(values.processes), Number(values.kills), Number(values.races))
else {
  const report =
    values.schedules === undefined
      ? await runChaos({ seed, durationMs: Number(values.minutes) * 60_000 })
      : await runSchedules({ seed, count: Number(values.schedules) })
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
}
process.exit(0)
