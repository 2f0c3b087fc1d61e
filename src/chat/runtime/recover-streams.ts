import type { ChatStore } from '../../storage/event-store.ts'
import type { MessageRecord, StreamRecord } from '../../model/records.ts'
import type { ChatLog } from '../log/event-log.ts'
import type { Environment } from '../../lib/runtime.ts'
import { fold, foldPending } from '../../model/fold-message.ts'
import { logPages } from '../log/read-pages.ts'
import { endTurn, type Turn, turnOf } from '../turn/turn.ts'
import { SessionWriter } from '../log/log-writer.ts'

export interface RecoveryOptions {
  readonly store: ChatStore
  readonly log: ChatLog
  readonly env: Environment
  readonly message: (id: string) => Promise<MessageRecord | null>
}

/**
 * Ends each stream that an earlier process left running, as INTERRUPTED, with what its log holds: the same machine and
 * the same fold as any other end, and no activity of the session. Streams that wait go on waiting, in their order.
 */
export async function endOrphans(
  options: RecoveryOptions,
): Promise<{ readonly ended: readonly StreamRecord[]; readonly waiting: readonly StreamRecord[] }> {
  const unfinished = await options.store.unfinishedStreams()
  const ended: StreamRecord[] = []
  for (const stream of unfinished) {
    if (stream.status !== 'QUEUED') ended.push(await endOne(stream, options))
  }
  return { ended, waiting: unfinished.filter((stream) => stream.status === 'QUEUED') }
}

async function endOne(stream: StreamRecord, { store, log, env, message }: RecoveryOptions): Promise<StreamRecord> {
  const userMessage = await message(stream.userMessageId)
  if (!userMessage) throw new Error(`stream ${stream.id} has no user's message`)
  const { turn, head } = await replay(turnOf(stream, userMessage), store)
  const { turn: over, events } = endTurn(turn, { status: 'INTERRUPTED' }, env)
  await new SessionWriter(log, stream.sessionId, head).write(() => ({
    fence: { streamId: stream.id, generation: stream.generation },
    drafts: events,
    streams: [over.stream],
    messages: over.answer ? [over.answer] : [],
  }))
  return { ...over.stream, lastSeq: head + events.length }
}

/** The turn as its log left it, and the seq of the log's end. */
async function replay(turn: Turn, store: ChatStore): Promise<{ turn: Turn; head: number }> {
  const { sessionId, firstSeq, id } = turn.stream
  let { answer, pending } = turn
  let head = firstSeq - 1
  for await (const events of logPages(store, { sessionId, after: head, upTo: Number.POSITIVE_INFINITY })) {
    for (const event of events) {
      head = event.seq
      if (event.streamId !== id) continue
      answer = fold(turn.frame, answer, event)
      pending = foldPending(pending, event)
    }
  }
  return { turn: { ...turn, answer, pending }, head }
}
