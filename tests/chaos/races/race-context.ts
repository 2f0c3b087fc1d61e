import { type ChaosClient, ignoreRefusal, RequestRefusedError } from '../chaos-client.ts'
import type { RacedDecision } from '../invariant-checker.ts'
import { InvariantViolation } from '../reader.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { StartedStream } from '../stored-state.ts'

/** What races need of a run. */
export interface RaceContext {
  readonly client: ChaosClient
  readonly random: SeededRandom
  pickSession(): string | null
  newText(): string
  /** Remembers a stream that a message with this text has started. */
  addStream(started: StartedStream, text: string): void
  /** Has a decision verified at the end of the run. */
  addDecision(decision: RacedDecision): void
  /** Copies a session of the run. Null if that is refused. */
  fork(): Promise<string | null>
  cancel(): Promise<void>
  /** Cancels this stream. */
  cancelStream(id: string): Promise<void>
}

/** Whoever loses a race is refused. */
export const ignoreRaceRefusal = (error: unknown): null =>
  ignoreRefusal(error, true, ['SESSION_BUSY', 'RATE_LIMITED', 'STALE', 'NOT_FOUND'])

/** How a request of a race has ended. Of one that is lost nobody knows whether it was executed, or will be. */
export type RaceOutcome = 'accepted' | 'refused' | 'lost'

/** Waits for a request that the server may refuse as STALE only. Throws `InvariantViolation` for any other refusal. */
export async function findRaceOutcome(request: Promise<unknown>): Promise<RaceOutcome> {
  try {
    await request
    return 'accepted'
  } catch (error) {
    if (error instanceof InvariantViolation) throw error
    if (!(error instanceof RequestRefusedError)) return 'lost'
    if (error.message === 'STALE') return 'refused'
    throw new InvariantViolation(`The loser of a race was refused with ${error.message}: ${error.reason}`)
  }
}
