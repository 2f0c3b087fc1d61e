import { badInput, notFound, SegueError } from '../../lib/errors.ts'
import { newSession } from '../../sessions/new-session.ts'
import type { SessionRepository } from '../../sessions/session-repository.ts'
import { inheritTitle } from '../../model/title.ts'
import type { CreateSessionRequest } from '../../storage/session-writer.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { externalizeFile } from '../attachments/attachments.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { prependPositions } from '../../model/message-position.ts'
import type { MessageQueries } from '../context/message-queries.ts'

export interface SessionForkerOptions {
  readonly sessions: SessionRepository
  readonly messageQueries: MessageQueries
  readonly files: BlobStore
  readonly profile: string
  readonly runtime: Runtime
}

/** A turn that is to be had once more, in a session of its own. */
export interface RegenerateFork extends CreateSessionRequest {
  /** What the user said in that turn. */
  readonly parts: readonly MessagePart[]
}

/** Makes sessions that begin with what was said in another one, up to a point. Nothing is stored yet. */
export class SessionForker {
  readonly #options: SessionForkerOptions

  constructor(options: SessionForkerOptions) {
    this.#options = options
  }

  /** The messages up to and including this one. Throws NOT_FOUND, and SESSION_BUSY while it is being made. */
  async forkAfter(messageId: string): Promise<CreateSessionRequest> {
    const { message, session } = await this.#requireFinishedMessage(messageId)
    const precedingMessages = await this.#loadContextBefore(session, message)
    return this.#createFork(session, messageId, message.withdrawn ? precedingMessages : [...precedingMessages, message])
  }

  /** The messages before the turn of this one. Throws NOT_FOUND, SESSION_BUSY and BAD_USER_INPUT when it is in no turn. */
  async forkBeforeTurn(messageId: string): Promise<RegenerateFork> {
    const { message, session } = await this.#requireFinishedMessage(messageId)
    const precedingMessages = await this.#loadContextBefore(session, message)
    const index =
      message.role === 'USER'
        ? precedingMessages.length
        : precedingMessages.findLastIndex(({ role }) => role === 'USER')
    const userMessage = message.role === 'USER' ? message : precedingMessages[index]
    if (!userMessage || userMessage.sessionId !== session.id) {
      throw badInput('Nobody said anything before this message that could be answered again.', 'messageId')
    }
    const fork = await this.#createFork(session, userMessage.id, precedingMessages.slice(0, index))
    return { ...fork, parts: await this.#copyParts(userMessage) }
  }

  async #requireFinishedMessage(messageId: string): Promise<{ message: MessageRecord; session: SessionRecord }> {
    const { messageQueries, sessions } = this.#options
    const message = await messageQueries.findMessage(messageId)
    const session = message && (await sessions.find(message.sessionId))
    if (!session) throw notFound('message', messageId)
    if (message.status === 'STREAMING') {
      const details = message.streamId === null ? {} : { streamId: message.streamId }
      throw new SegueError('SESSION_BUSY', 'This message is being made. Wait for its end, or cancel it.', details)
    }
    if (message.position === null) throw badInput("This message's turn has not come yet.", 'messageId')
    return { message, session }
  }

  /** What a model knew when this message came; of a message that none is told of any more, what was shown before it. */
  async #loadContextBefore(session: SessionRecord, { id, position }: MessageRecord): Promise<MessageRecord[]> {
    const context = await this.#options.messageQueries.loadContext(session)
    if (session.origin === 'SEGUE') {
      return context.filter((message) => message.sessionId !== session.id || (message.position ?? 0) < (position ?? 0))
    }
    const index = context.findIndex((message) => message.id === id)
    return index < 0 ? this.#loadVisibleMessagesBefore(session, position ?? 0) : context.slice(0, index)
  }

  async #loadVisibleMessagesBefore(session: SessionRecord, beforePosition: number): Promise<MessageRecord[]> {
    const messages: MessageRecord[] = []
    for (;;) {
      const after = messages.at(-1)?.position ?? null
      const page = await this.#options.messageQueries.loadPage(session, {
        after,
        before: beforePosition,
        limit: 1000,
        backwards: false,
      })
      if (page.length === 0) return messages
      messages.push(...page)
    }
  }

  async #createFork(
    session: SessionRecord,
    forkedFrom: string,
    messages: readonly MessageRecord[],
  ): Promise<CreateSessionRequest> {
    const { profile, runtime } = this.#options
    const fork = newSession({
      at: runtime.now(),
      ...inheritTitle(session),
      profile,
      model: session.origin === 'SEGUE' ? session.model : null,
      forkedFrom,
    })
    const copies: MessageRecord[] = []
    for (const message of messages) copies.push(await this.#copyMessage(message, fork.id))
    const lastActivityAt = copies.at(-1)?.createdAt ?? fork.startedAt
    return { session: { ...fork, lastActivityAt }, messages: prependPositions(copies) }
  }

  async #copyMessage(message: MessageRecord, sessionId: string): Promise<MessageRecord> {
    const parts = await this.#copyParts(message)
    return { ...message, id: this.#options.runtime.newId('message'), sessionId, streamId: null, parts }
  }

  /** Its parts: their files kept here, whoever kept them, and their calls under ids of their own. */
  async #copyParts({ parts }: MessageRecord): Promise<MessagePart[]> {
    const copies: MessagePart[] = []
    for (const part of parts) {
      const call = part.type === 'tool' ? { ...part.call, id: this.#options.runtime.newId('toolCall') } : null
      copies.push(call ? { type: 'tool', call } : await externalizeFile(part, this.#options.files))
    }
    return copies
  }
}
