import { foldMessage, foldPendingDecisions } from '../../../model/fold/fold-message.ts'
import type { EventStore } from '../../../storage/event-store.ts'
import { readEventPages } from '../../log/read-event-pages.ts'
import type { TurnState } from '../../turn/turn.ts'

export interface ReplayedTurn {
  readonly turn: TurnState
  /** The time of the stream's newest event, in epoch milliseconds. */
  readonly newestEventAt: number | null
  /** The seq of the newest event; that of the stream's start if there is none. */
  readonly lastSeq: number
  /** Whether the log has the end of the stream. */
  readonly isFinished: boolean
}

/** Replays the events of a turn's stream from the log. */
export async function replayTurn(turn: TurnState, store: EventStore): Promise<ReplayedTurn> {
  const { sessionId, firstSeq, id } = turn.stream
  let { answer, pendingDecisions } = turn
  let newestEventAt: number | null = null
  let lastSeq = firstSeq
  let isFinished = false
  for await (const events of readEventPages(store, {
    sessionId,
    after: firstSeq - 1,
    upTo: Number.POSITIVE_INFINITY,
  })) {
    for (const event of events) {
      if (event.streamId !== id) continue
      newestEventAt = event.at
      lastSeq = event.seq
      isFinished ||= event.type === 'StreamFinished'
      answer = foldMessage(turn.answerBase, answer, event)
      pendingDecisions = foldPendingDecisions(pendingDecisions, event)
    }
  }
  return { turn: { ...turn, answer, pendingDecisions }, newestEventAt, lastSeq, isFinished }
}
