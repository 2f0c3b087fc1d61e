import { toMessageKind } from '../../model/conversation/message-kind.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { PageRequest } from '../../lib/pagination.ts'

/** How turns of Hermes sessions are read. */
export interface HermesTurnSource {
  findMessages(ids: readonly string[]): Promise<readonly MessageRecord[]>
  findSessions(ids: readonly string[]): Promise<ReadonlyMap<string, SessionRecord>>
  listMessages(session: SessionRecord, page: PageRequest<number>): Promise<readonly MessageRecord[]>
}

/** A turn of a Hermes session: its user's message, and the last answer before the next one, if there is any. */
export interface HermesTurn {
  readonly userMessage: MessageRecord
  readonly answer: MessageRecord | null
}

const pageSize = 100 // messages

/** Reads turns of Hermes sessions by the ids of their user's messages. Turns that Hermes no longer shows are left out. */
export async function readHermesTurns(
  turnIds: readonly string[],
  source: HermesTurnSource,
): Promise<Map<string, HermesTurn>> {
  const userMessages = turnIds.length === 0 ? [] : await source.findMessages(turnIds)
  const sessions = await source.findSessions([...new Set(userMessages.map(({ sessionId }) => sessionId))])
  const turns = new Map<string, HermesTurn>()
  for (const userMessage of userMessages) {
    const session = sessions.get(userMessage.sessionId)
    if (session) turns.set(userMessage.id, { userMessage, answer: await findLastAnswer(userMessage, session, source) })
  }
  return turns
}

async function findLastAnswer(
  userMessage: MessageRecord,
  session: SessionRecord,
  source: HermesTurnSource,
): Promise<MessageRecord | null> {
  let answer: MessageRecord | null = null
  for (let after = userMessage.position; after !== null;) {
    const page = await source.listMessages(session, { after, before: null, limit: pageSize, backwards: false })
    const end = page.findIndex((message) => message.role !== 'ASSISTANT' || toMessageKind(message) === 'SUMMARY')
    answer = page.slice(0, end < 0 ? page.length : end).at(-1) ?? answer
    after = end < 0 && page.length === pageSize ? (page.at(-1)?.position ?? null) : null
  }
  return answer
}
