import type { StreamRecord } from '../model/stream.ts'
import type { CommittedStreamState } from './streaming/stream-committer.ts'

/** In which state a cancel found the stream. */
export type CancelOutcome = 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'

export interface CancelResult extends CommittedStreamState {
  readonly outcome: CancelOutcome
}

export function toCancelOutcome(stream: StreamRecord, isFirst: boolean): CancelOutcome {
  if (stream.status !== 'CANCELLED') return 'ALREADY_FINISHED'
  return isFirst ? 'CANCELLED' : 'ALREADY_CANCELLED'
}
