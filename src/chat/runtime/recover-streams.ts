import type { EventStore } from '../../storage/event-store.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { foldMessage, foldPendingDecisions } from '../../model/fold-message.ts'
import { readLogPages } from '../log/read-pages.ts'
import { type TurnState, createTurnState } from '../turn/turn.ts'
import { finishTurn } from '../turn/commands.ts'
import { LogWriter } from '../log/log-writer.ts'

export interface RecoveryOptions {
  readonly store: EventStore
  readonly eventLog: EventLog
  readonly runtime: Runtime
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
}

/**
 * Ends each stream that an earlier process left running, as INTERRUPTED, with what its log holds: the same machine and
 * the same fold as any other end, and no activity of the session. Streams that wait go on waiting, in their order.
 */
export async function recoverStreams(
  options: RecoveryOptions,
): Promise<{ readonly ended: readonly StreamRecord[]; readonly waiting: readonly StreamRecord[] }> {
  const unfinished = await options.store.listUnfinishedStreams()
  const ended: StreamRecord[] = []
  for (const stream of unfinished) {
    if (stream.status !== 'QUEUED') ended.push(await interruptStream(stream, options))
  }
  return { ended, waiting: unfinished.filter((stream) => stream.status === 'QUEUED') }
}

async function interruptStream(
  stream: StreamRecord,
  { store, eventLog, runtime, findMessage }: RecoveryOptions,
): Promise<StreamRecord> {
  const userMessage = await findMessage(stream.userMessageId)
  if (!userMessage) throw new Error(`stream ${stream.id} has no user's message`)
  const { turn, head: headSeq } = await replayTurn(createTurnState(stream, userMessage), store)
  const { turn: finishedTurn, events } = finishTurn(turn, { status: 'INTERRUPTED' }, runtime)
  await new LogWriter(eventLog, stream.sessionId, headSeq).write(() => ({
    fence: { streamId: stream.id, generation: stream.generation },
    drafts: events,
    streams: [finishedTurn.stream],
    messages: finishedTurn.answer ? [finishedTurn.answer] : [],
  }))
  return { ...finishedTurn.stream, lastSeq: headSeq + events.length }
}

/** The turn as its log left it, and the seq of the log's end. */
async function replayTurn(turn: TurnState, store: EventStore): Promise<{ turn: TurnState; head: number }> {
  const { sessionId, firstSeq, id } = turn.stream
  let { answer, pendingDecisions } = turn
  let headSeq = firstSeq - 1
  for await (const events of readLogPages(store, { sessionId, after: headSeq, upTo: Number.POSITIVE_INFINITY })) {
    for (const event of events) {
      headSeq = event.seq
      if (event.streamId !== id) continue
      answer = foldMessage(turn.answerBase, answer, event)
      pendingDecisions = foldPendingDecisions(pendingDecisions, event)
    }
  }
  return { turn: { ...turn, answer, pendingDecisions }, head: headSeq }
}
