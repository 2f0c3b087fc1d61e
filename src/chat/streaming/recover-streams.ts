import type { EventStore } from '../../storage/event-store.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'
import type { EventLog } from '../log/event-log.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { foldMessage, foldPendingDecisions } from '../../model/fold/fold-message.ts'
import { readEventPages } from '../log/read-event-pages.ts'
import { type TurnState, createTurnState } from '../turn/turn.ts'
import { finishTurn } from '../turn/transitions.ts'
import { EventLogWriter } from '../log/event-log-writer.ts'

export interface StreamRecoveryOptions {
  readonly store: EventStore
  readonly eventLog: EventLog
  readonly runtime: ClockAndIds
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  readonly prices: ModelPrices
}

export interface StreamRecoveryResult {
  readonly interrupted: readonly StreamRecord[]
  /** Streams that are still queued, by session, in order. */
  readonly queued: readonly StreamRecord[]
}

/**
 * Ends each stream that an earlier process left running, as INTERRUPTED, with the answer that its log holds. It uses the
 * same state machine and fold as any other end. Recovery does not count as activity of the session.
 */
export async function recoverStreams(options: StreamRecoveryOptions): Promise<StreamRecoveryResult> {
  const unfinished = await options.store.listUnfinishedStreams()
  const interrupted: StreamRecord[] = []
  for (const stream of unfinished) {
    if (stream.status !== 'QUEUED') interrupted.push(await interruptStream(stream, options))
  }
  return { interrupted, queued: unfinished.filter((stream) => stream.status === 'QUEUED') }
}

async function interruptStream(
  stream: StreamRecord,
  { store, eventLog, runtime, findMessage, prices }: StreamRecoveryOptions,
): Promise<StreamRecord> {
  const userMessage = await findMessage(stream.userMessageId)
  if (!userMessage) throw new Error(`Stream ${stream.id} has no user message.`)
  const begun = { ...createTurnState(stream, userMessage), pricing: prices.find(stream.model) }
  const { turn, newestEventAt } = await replayTurn(begun, store)
  // Nothing was written while no server ran: a text did not take until now.
  const options = newestEventAt === null ? {} : { writtenUntil: newestEventAt }
  const { turn: finishedTurn, events } = finishTurn(turn, { status: 'INTERRUPTED' }, runtime, options)
  const { headSeq } = await new EventLogWriter(eventLog, stream.sessionId).write(() => ({
    fence: { streamId: stream.id, generation: stream.generation },
    drafts: events,
    streams: [finishedTurn.stream],
    messages: finishedTurn.answer ? [finishedTurn.answer] : [],
  }))
  return { ...finishedTurn.stream, lastSeq: headSeq }
}

interface ReplayedTurn {
  readonly turn: TurnState
  /** The time of the stream's newest event, in epoch milliseconds. */
  readonly newestEventAt: number | null
}

/** Replays the events of a turn's stream. */
async function replayTurn(turn: TurnState, store: EventStore): Promise<ReplayedTurn> {
  const { sessionId, firstSeq, id } = turn.stream
  let { answer, pendingDecisions } = turn
  let newestEventAt: number | null = null
  for await (const events of readEventPages(store, {
    sessionId,
    after: firstSeq - 1,
    upTo: Number.POSITIVE_INFINITY,
  })) {
    for (const event of events) {
      if (event.streamId !== id) continue
      newestEventAt = event.at
      answer = foldMessage(turn.answerBase, answer, event)
      pendingDecisions = foldPendingDecisions(pendingDecisions, event)
    }
  }
  return { turn: { ...turn, answer, pendingDecisions }, newestEventAt }
}
