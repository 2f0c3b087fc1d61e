import type { ModelMessage } from 'ai'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { SessionRepository } from '../../sessions/session-repository.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { inlineFiles } from '../attachments/attachments.ts'
import { toModelMessages } from './to-model-messages.ts'
import { trimToContextWindow } from './trim-to-context-window.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import { rehydrateMessage } from '../log/rehydrate-message.ts'

/** What was said, as it is stored and as it is being made. */
export class MessageQueries {
  readonly #profile: ProfileStorage
  readonly #sessions: SessionRepository
  readonly #activeSessions: ActiveSessions

  constructor(profile: ProfileStorage, sessions: SessionRepository, activeSessions: ActiveSessions) {
    this.#profile = profile
    this.#sessions = sessions
    this.#activeSessions = activeSessions
  }

  /** The message that is being made in a session, as far as it is saved. */
  findStreamingMessage(sessionId: string): MessageRecord | null {
    return this.#activeSessions.findCommittedState(sessionId)?.answer ?? null
  }

  /** A message by id, stored or being made. */
  async findMessage(id: string): Promise<MessageRecord | null> {
    return this.#activeSessions.findStreamingMessage(id) ?? this.findStoredMessage(id)
  }

  /** The assistant's message of a stream: growing while it runs, then the saved one; null when nothing was produced. */
  async findAnswer(streamId: string): Promise<MessageRecord | null> {
    const committed = this.#activeSessions.findCommittedStateOfStream(streamId)
    if (committed) return committed.answer
    const stream = await this.#profile.eventStore.findStream(streamId)
    return stream?.messageId ? this.findStoredMessage(stream.messageId) : null
  }

  /** A page of a session's messages, the one that is being made at their end. */
  async loadPage(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    const streamingMessage = this.findStreamingMessage(session.id)
    const stored = await this.#rehydrateAll(await this.#sessions.listMessages(session, page))
    const position = streamingMessage?.position ?? 0
    const isMissing =
      streamingMessage &&
      position > (page.after ?? Number.MIN_SAFE_INTEGER) &&
      position < (page.before ?? Number.MAX_SAFE_INTEGER) &&
      // It may have been stored while the page was read.
      !stored.some(({ id }) => id === streamingMessage.id)
    if (!isMissing) return stored
    return page.backwards
      ? [...stored, streamingMessage].slice(-page.limit)
      : [...stored, streamingMessage].slice(0, page.limit)
  }

  /** A stored message by id. */
  async findStoredMessage(id: string): Promise<MessageRecord | null> {
    const message = await this.#sessions.findMessage(id)
    return message && rehydrateMessage(message, this.#profile.eventStore)
  }

  /** What the model knows of a session when its next turn begins, oldest first. */
  async loadContext(session: SessionRecord): Promise<MessageRecord[]> {
    return this.#rehydrateAll(await this.#sessions.loadContext(session))
  }

  /**
   * What a model with a window of so many tokens is sent, with the answer as far as it is. What went before is read
   * once; a failure to read it is the failure of whoever asks for it.
   */
  prepareModelMessages(
    session: SessionRecord,
    contextWindowTokens: number,
  ): (answer: MessageRecord | null) => Promise<ModelMessage[]> {
    const contextMessages = this.loadContext(session).then((messages) => this.#inlineAllFiles(messages))
    contextMessages.catch(() => undefined)
    return async (answer) =>
      trimToContextWindow(
        toModelMessages([...(await contextMessages), ...(answer ? [answer] : [])]),
        contextWindowTokens,
      )
  }

  async #rehydrateAll(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const rehydrated: MessageRecord[] = []
    for (const message of messages)
      rehydrated.push(message.inLog ? await rehydrateMessage(message, this.#profile.eventStore) : message)
    return rehydrated
  }

  async #inlineAllFiles(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const inlined: MessageRecord[] = []
    for (const message of messages) inlined.push(await inlineFiles(message, this.#profile.blobs))
    return inlined
  }
}
