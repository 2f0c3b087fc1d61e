import { percentile } from '../support/figures.ts'

/** One way to do the work: the limit, a peer or Segue. */
export interface Contender<T> {
  readonly name: string
  readonly measure: () => Promise<T>
}

/**
 * Measures each contender once a round. Every second round goes backwards, so that nobody always comes first. Returns all
 * rounds by name.
 */
export async function runRounds<T>(
  title: string,
  rounds: number,
  contenders: readonly Contender<T>[],
): Promise<Record<string, T[]>> {
  const results: Record<string, T[]> = {}
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`${title}, round ${round + 1} of ${rounds}\n`)
    for (const { name, measure } of round % 2 === 0 ? contenders : contenders.toReversed())
      (results[name] ??= []).push(await measure())
  }
  return results
}

/** A server that answers while it is measured again and again. */
export interface RunningContender<T> extends AsyncDisposable {
  /** Does much more of the same work than a round, so that V8 has compiled it. A larger program takes longer. */
  readonly warmUp: () => Promise<void>
  readonly measure: () => Promise<T>
}

/** The same with contenders that are started and warmed up once. */
export async function runWarmRounds<T>(
  title: string,
  rounds: number,
  starts: Readonly<Record<string, () => Promise<RunningContender<T>>>>,
): Promise<Record<string, T[]>> {
  await using running = new AsyncDisposableStack()
  const contenders: Contender<T>[] = []
  for (const [name, start] of Object.entries(starts)) {
    const contender = running.use(await start())
    await contender.warmUp()
    contenders.push({ name, measure: () => contender.measure() })
  }
  return await runRounds(title, rounds, contenders)
}

/** The median of a figure over the rounds. */
export function median(rounds: readonly number[] | undefined): number {
  return percentile(rounds ?? [], 0.5)
}
