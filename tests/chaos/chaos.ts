import type { ChaosReport } from './chaos-report.ts'
import { ChaosRun } from './chaos-run.ts'
import { RestartableServer } from './restartable-server.ts'
import { SeededRandom } from './seeded-random.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly durationMs: number
  /** The run continues until it has started this many streams, however slow the machine is. */
  readonly minStreams?: number
}

/**
 * Runs a server under random load and failures for a limited time: messages, queues, interruptions, cancels, crashes,
 * readers that disconnect, an unreliable provider. Then compares what every reader has received with what is stored. Throws
 * `InvariantViolation`.
 */
export async function runChaos({ seed, durationMs, minStreams = 0 }: ChaosOptions): Promise<ChaosReport> {
  const run = await ChaosRun.start(new SeededRandom(seed), (createHome) => new RestartableServer(createHome()))
  try {
    const deadline = performance.now() + durationMs
    while (performance.now() < deadline || run.streamCount < minStreams) await run.step()
    await run.waitForReaders()
    return await run.verify()
  } finally {
    await run.stop()
  }
}
