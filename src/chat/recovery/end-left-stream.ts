import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'
import type { EventLog } from '../log/event-log.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { replayTurn } from '../context/streaming/replay-turn.ts'
import { composeSteeredQueue } from '../runtime/queue/compose-steered-queue.ts'
import { QueuedStreams } from '../runtime/queue/queued-streams.ts'
import { listQueuedTurns } from '../turn/steering-transitions.ts'
import { SteeredMessageWrites } from '../streaming/steered-message-writes.ts'
import { createTurnState } from '../turn/turn.ts'
import { finishTurn } from '../turn/transitions.ts'
import { EventLogWriter } from '../log/event-log-writer.ts'

/** What ending a stream of another process takes. */
export interface LeftStreamDependencies {
  readonly store: EventStore
  readonly eventLog: EventLog
  readonly runtime: ClockAndIds
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  readonly prices: ModelPrices
}

export interface EndedLeftStream {
  readonly ended: StreamRecord
  /** The streams of messages that were to join its answer: they are queued before the others. */
  readonly queuedTurns: readonly StreamRecord[]
}

export interface EndLeftStreamOptions extends LeftStreamDependencies {
  readonly status: 'INTERRUPTED' | 'CANCELLED'
  readonly idempotencyKeys: readonly IdempotencyKeyRecord[]
}

/**
 * Ends a stream that this process has taken over from one that has died or does not answer, with the answer that its log holds. It
 * uses the same state machine and fold as any other end, and is no activity of the session. `allQueued` has the queued streams of
 * its session, in order. Throws what the store does: FencingError if another process, or call, has ended it meanwhile.
 */
export async function endLeftStream(
  stream: StreamRecord,
  allQueued: readonly StreamRecord[],
  options: EndLeftStreamOptions,
): Promise<EndedLeftStream> {
  const { store, eventLog, runtime, findMessage, prices, status, idempotencyKeys } = options
  const { id, sessionId, generation } = stream
  const userMessage = await findMessage(stream.userMessageId)
  if (!userMessage) throw new Error(`Stream ${stream.id} has no user message.`)
  const steered = await store.listSteeredMessages([id])
  const begun = { ...createTurnState(stream, userMessage, null, steered), pricing: prices.find(stream.model) }
  const { turn, newestEventAt } = await replayTurn(begun, store)
  // Nothing was written while no server ran: a text did not take until now.
  const finishOptions = newestEventAt === null ? {} : { writtenUntil: newestEventAt }
  const { turn: finishedTurn, events } = finishTurn(turn, { status }, runtime, finishOptions)
  const writer = new EventLogWriter(eventLog, sessionId)
  const queue = new QueuedStreams({ sessionId, writer, store, runtime, findMessage })
  const queuedBefore = allQueued.filter((queued) => queued.sessionId === sessionId)
  queue.restore(queuedBefore)
  const turns = listQueuedTurns(turn, finishedTurn)
  const steeringWrites = new SteeredMessageWrites(turn.answerBase.position)
  steeringWrites.add(events, finishedTurn.steered)
  let lastSeq = 0
  await writer.write((headSeq) => {
    lastSeq = headSeq + events.length
    const answer = steeringWrites.placeAnswer(finishedTurn.answer)
    const end = { drafts: events, streams: [finishedTurn.stream], messages: answer ? [answer] : [] }
    const batch = composeSteeredQueue(queue, turns, end, headSeq)
    const { activityAt: _, ...rest } = batch
    const { messages } = steeringWrites.compose(events, headSeq)
    return {
      ...rest,
      idempotencyKeys,
      fences: [{ streamId: id, generation }],
      messages: [...(batch.messages ?? []), ...messages],
    }
  })
  const queuedTurns = queue.list().slice(0, queue.list().length - queuedBefore.length)
  return { ended: { ...finishedTurn.stream, lastSeq }, queuedTurns }
}
