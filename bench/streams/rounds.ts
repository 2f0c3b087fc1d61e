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

/** The median of a figure over the rounds. */
export function median(rounds: readonly number[] | undefined): number {
  return percentile(rounds ?? [], 0.5)
}
