import type { ChatStore } from '../storage/chat-store.ts'
import type { MessageRecord, StreamRecord } from '../storage/records.ts'
import type { ChatLog } from './chat-log.ts'
import type { Environment } from './environment.ts'
import { fold } from './fold.ts'
import { endTurn, type Turn, turnOf } from './machine.ts'
import { numbered } from './running-stream.ts'

export interface RecoveryOptions {
  readonly store: ChatStore
  readonly log: ChatLog
  readonly env: Environment
  readonly message: (id: string) => Promise<MessageRecord | null>
}

const pageSize = 500 // events

/**
 * Ends each stream that an earlier process left unfinished, as INTERRUPTED, with what its log holds: the same machine
 * and the same fold as any other end. No activity of the session. Returns how many there were.
 */
export async function endOrphans(options: RecoveryOptions): Promise<number> {
  const orphans = await options.store.unfinishedStreams()
  for (const stream of orphans) await endOne(stream, options)
  return orphans.length
}

async function endOne(stream: StreamRecord, { store, log, env, message }: RecoveryOptions): Promise<void> {
  const userMessage = await message(stream.userMessageId)
  if (!userMessage) throw new Error(`stream ${stream.id} has no user's message`)
  const { turn, head } = await replay(turnOf(stream, userMessage), store)
  const ended = endTurn(turn, { status: 'INTERRUPTED' }, env)
  const lastSeq = head + ended.events.length
  await log.append({
    sessionId: stream.sessionId,
    head,
    fence: { streamId: stream.id, generation: stream.generation },
    events: ended.events.map((event, index) => numbered(event, head + index + 1)),
    streams: [{ ...ended.turn.stream, lastSeq }],
    ...(ended.turn.answer && { messages: [ended.turn.answer] }),
  })
}

/** The turn as its log left it, and the seq of the log's end. */
async function replay(turn: Turn, store: ChatStore): Promise<{ turn: Turn; head: number }> {
  const { sessionId, firstSeq, id } = turn.stream
  let { answer } = turn
  let head = firstSeq - 1
  for (;;) {
    const events = await store.events({ sessionId, after: head, limit: pageSize })
    for (const event of events) {
      head = event.seq
      if (event.streamId === id) answer = fold(turn.frame, answer, event)
    }
    if (events.length < pageSize) return { turn: { ...turn, answer }, head }
  }
}
