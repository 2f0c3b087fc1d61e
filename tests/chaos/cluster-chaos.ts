import { setTimeout as delay } from 'node:timers/promises'
import { ReplicatedPostgres } from '../support/postgres/replicated-postgres.ts'
import type { ChaosReport } from './chaos-report.ts'
import { ChaosRun } from './chaos-run.ts'
import { RestartableServer } from './restartable-server.ts'
import { SeededRandom } from './seeded-random.ts'
import { ServerGroup } from './server-group.ts'

export interface ClusterChaosOptions {
  readonly seed: number
  /** How many servers share the database. */
  readonly processes: number
  /** The run continues until so many servers were killed, and so many races were run. */
  readonly kills: number
  readonly races: number
}

export interface ClusterChaosReport extends ChaosReport {
  readonly races: number
  /** How often a server was paused. */
  readonly pauses: number
  /** How often each failure happened, by name. */
  readonly failures: Readonly<Record<string, number>>
}

/** Longer than a lease, which takes 10 s: others have taken over by then. */
const suspensionMs = 13_000

/** Shorter than a lease: others end what they are asked to cancel, and nothing else. */
const pausesMs = [200, 4_000] as const

/** How many steps of the load a pause begins with. */
const pauseChance = 0.05

/** How often a server may fail to start before the run ends: its database may be away. */
const maxFailedStarts = 100

/**
 * Runs several servers on one PostgreSQL, which fails, too: it loses connections, or slows them down, restarts, hands over to its replica, and has a full
 * disk. Servers are paused as well. Otherwise like `runChaos`, with requests that arrive at several servers at the same moment.
 */
export async function runClusterChaos(options: ClusterChaosOptions): Promise<ClusterChaosReport> {
  await using postgres = await ReplicatedPostgres.start()
  const random = new SeededRandom(options.seed)
  const groups: ServerGroup[] = []
  const run = await ChaosRun.start(random, (createHome) => {
    const env = { SEGUE_DATABASE_URL: postgres.url }
    const servers = Array.from(
      { length: options.processes },
      () => new RestartableServer(createHome(), { env, maxFailedStarts }),
    )
    const group = new ServerGroup(servers, random.fork())
    groups.push(group)
    return group
  })
  try {
    const [group] = groups
    if (!group) throw new Error('The run has started no servers.')
    const failures = createFailures(postgres, group, random)
    const { races, pauses, counts } = await applyLoad(run, group, failures, random, options)
    await run.waitForReaders()
    return { ...(await run.verify()), races, pauses, failures: counts }
  } finally {
    await run.stop()
  }
}

type Failures = Readonly<Record<string, () => Promise<void>>>

function createFailures(postgres: ReplicatedPostgres, group: ServerGroup, random: SeededRandom): Failures {
  return {
    suspend: () => group.suspend(suspensionMs),
    cutConnections: async () => {
      for (let cut = random.between(1, 5); cut > 0; cut -= 1) {
        postgres.cutConnections()
        await delay(random.between(0, 300))
      }
    },
    refuseConnections: () => postgres.refuseConnections(() => delay(random.between(200, 3_000))),
    slowConnections: () =>
      postgres.slowConnections(
        () => random.between(50, 500),
        () => delay(random.between(2_000, 6_000)),
      ),
    restart: () => postgres.restart(),
    failOver: () => postgres.failOver(),
    ...(postgres.hasDisk && { fillDisk: () => postgres.fillDisk(() => delay(random.between(500, 2_000))) }),
  }
}

/** Each failure happens once, in a random order, at equal distances. The load goes on meanwhile. */
async function applyLoad(
  run: ChaosRun,
  group: ServerGroup,
  failures: Failures,
  random: SeededRandom,
  { kills, races }: ClusterChaosOptions,
): Promise<{ readonly races: number; readonly pauses: number; readonly counts: Record<string, number> }> {
  const names = Object.keys(failures).toSorted(() => random.next() - 0.5)
  const counts: Record<string, number> = {}
  let running = Promise.resolve()
  const pauses: Promise<void>[] = []
  const errors: unknown[] = []
  let raceCount = 0
  try {
    for (;;) {
      const progress = Math.min(1, kills === 0 ? 1 : group.kills / kills, races === 0 ? 1 : raceCount / races)
      const happened = Object.keys(counts).length
      const next = names[happened]
      if (next !== undefined && progress * (names.length + 1) >= happened + 1) {
        counts[next] = 1
        running = running.then(failures[next]).catch((error: unknown) => void errors.push(error))
      }
      if (progress >= 1 && next === undefined) break
      if (random.chance(pauseChance)) {
        pauses.push(group.suspend(random.between(...pausesMs)).catch((error: unknown) => void errors.push(error)))
      }
      await run.step()
      if (random.chance(0.5)) {
        await run.race()
        raceCount += 1
      }
      if (group.kills < kills && group.kills / kills <= raceCount / races) await group.kill()
    }
  } finally {
    await Promise.all([running, ...pauses])
  }
  if (errors.length > 0) throw errors[0]
  return { races: raceCount, pauses: pauses.length, counts }
}
