import { isCutList, markAsCut } from '../lib/lists/cut-list.ts'
import DataLoader from 'dataloader'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { MessageAlternatives } from './alternatives/message-alternatives.ts'
import type { ChatSnapshot } from './chat-snapshot.ts'

/**
 * Loads streams and messages by id during one execution, as `SessionLoader` does: one query for all that a page asks for.
 * A loader that lived as long as a subscription would always return the first state that it read.
 */
export class StreamAndMessageLoader {
  readonly #streams: DataLoader<string, StreamRecord | null>
  readonly #messages: DataLoader<string, MessageRecord | null>
  readonly #answers: DataLoader<string, MessageRecord | null>
  readonly #messageCounts: DataLoader<SessionRecord, number, string>
  readonly #alternatives: DataLoader<MessageRecord, readonly string[], string>

  readonly #snapshot: ChatSnapshot

  constructor(snapshot: ChatSnapshot, alternatives: MessageAlternatives) {
    this.#snapshot = snapshot
    this.#streams = createLoader((ids) => snapshot.findStreams(ids))
    this.#messages = createLoader((ids) => snapshot.messages.findMessages(ids))
    this.#answers = createLoader((streamIds) => snapshot.messages.findAnswers(streamIds))
    this.#messageCounts = new DataLoader(
      async (sessions) => {
        const counts = await snapshot.countMessages(sessions)
        return sessions.map(({ id }) => counts.get(id) ?? 0)
      },
      { cacheKeyFn: ({ id }) => id },
    )
    this.#alternatives = new DataLoader(
      async (messages) => {
        const found = await alternatives.findIds(messages)
        return messages.map(({ id }) => found.get(id) ?? [id])
      },
      { cacheKeyFn: ({ id }) => id },
    )
  }

  /** A message and what stands in its place in other tries of its turn, oldest first. See `MessageAlternatives`. */
  async loadAlternatives(message: MessageRecord): Promise<MessageRecord[]> {
    const ids = await this.#alternatives.load(message)
    const found = await Promise.all(ids.map((id) => (id === message.id ? message : this.loadMessage(id))))
    const alternatives = found.filter((each) => each !== null)
    return isCutList(ids) ? markAsCut(alternatives) : alternatives
  }

  /** Counts the messages of a session, including the one that is streaming. */
  loadMessageCount(session: SessionRecord): number | Promise<number> {
    return this.#snapshot.findListedMessageCount(session) ?? this.#messageCounts.load(session)
  }

  loadStream(id: string): Promise<StreamRecord | null> {
    return this.#streams.load(id)
  }

  /** A message, stored or streaming. */
  loadMessage(id: string): Promise<MessageRecord | null> {
    return this.#messages.load(id)
  }

  /** The assistant's message of a stream. Null if the stream produced nothing. */
  loadAnswer(streamId: string): Promise<MessageRecord | null> {
    return this.#answers.load(streamId)
  }
}

function createLoader<T>(findByIds: (ids: readonly string[]) => Promise<Map<string, T>>): DataLoader<string, T | null> {
  return new DataLoader(async (ids) => {
    const found = await findByIds(ids)
    return ids.map((id) => found.get(id) ?? null)
  })
}
