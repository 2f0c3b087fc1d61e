import { createBadInputError, createIdNotFoundError, SegueError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { positionNewSessionMessages } from '../../model/fold/message-position.ts'
import { toMessageKind } from '../../model/conversation/message-kind.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { UserMessageQuote } from '../../model/context/context-summary.ts'
import { findOriginalId, isSteeringMessage, type MessagePart, type MessageRecord } from '../../model/message.ts'
import { findContinuedParentId } from '../../model/conversation/lineage.ts'
import { assignTurns } from '../../model/conversation/assign-turns.ts'
import type { SessionRecord } from '../../model/session.ts'
import { inheritTitle } from '../../model/conversation/title.ts'
import { inheritModelSettings } from '../../sessions/inherit-model-settings.ts'
import { newSession } from '../../sessions/new-session.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import { externalizeFile } from '../attachments/attachments.ts'
import { joinMessageParts } from './join-message-parts.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'

export interface SessionForkerOptions {
  readonly sessions: CombinedSessionRepository
  readonly messageQueries: ProfileMessageReader
  readonly blobs: BlobStore
  /** The name of the profile that forks are created in. */
  readonly profileName: string
  readonly runtime: ClockAndIds
}

/** A session in which the turn after its messages is to be tried again. */
export interface RetrySession extends SessionWithInitialMessages {
  /** Copies of the parts of that turn's user message. */
  readonly parts: readonly MessagePart[]
  /** The turn, see `MessageRecord`. */
  readonly turnId: string
}

/** A user's message, with what is copied before it. */
interface Turn {
  readonly userMessage: MessageRecord
  readonly messagesBefore: readonly MessageRecord[]
}

const pageSize = 1000 // messages

/** Builds sessions that start with copies of another session's messages. Stores nothing but the files of the copies. */
export class SessionForker {
  readonly #options: SessionForkerOptions

  constructor(options: SessionForkerOptions) {
    this.#options = options
  }

  /** Copies the messages up to and including this one. Throws NOT_FOUND, BAD_USER_INPUT, and SESSION_BUSY while it streams. */
  async forkAfter(messageId: string): Promise<SessionWithInitialMessages> {
    const { message, session } = await this.#requireFinishedMessage(messageId)
    const messagesBefore = await this.#loadContextBefore(session, message)
    // A summary message is there already: it comes before the messages that it does not stand for.
    const isIncluded = message.withdrawn || messagesBefore.some(({ id }) => id === messageId)
    const messages = isIncluded ? messagesBefore : [...messagesBefore, message]
    return this.#createCopy(session, messages, { forkedFrom: messageId })
  }

  /**
   * Copies the messages before the turn of this one into a session that takes the place of the message's session. Throws what
   * `forkAfter` throws.
   */
  async retryTurn(messageId: string): Promise<RetrySession> {
    const { message, session } = await this.#requireFinishedMessage(messageId)
    const turn = await this.#loadTurn(session, message)
    const { userMessage, messagesBefore } = turn ?? {}
    if (!userMessage || userMessage.sessionId !== session.id) {
      throw createBadInputError(
        'This message is not part of a turn. Choose a message after a user message.',
        'messageId',
      )
    }
    const { pinned, archived } = session
    const retry = await this.#createCopy(session, messagesBefore ?? [], {
      retryOf: userMessage.id,
      ...(await this.#findTakenPlace(session)),
      pinned,
      archived,
    })
    const turnId = userMessage.turnId ?? findOriginalId(userMessage)
    const parts = joinMessageParts([userMessage, ...(await this.#loadSteering(session, userMessage))])
    return { ...retry, parts: await this.#copyParts({ parts }), turnId }
  }

  /**
   * The place that a retry of this session takes: a retry of a retry stands beside both. Hermes may prune the session there, so
   * what that one continues is kept with the retry. A session of Segue passes it on when it is deleted.
   */
  async #findTakenPlace(session: SessionRecord): Promise<Pick<SessionRecord, 'takesPlaceOf' | 'parentId'>> {
    const { id, takesPlaceOf, parentId } = session
    const place = takesPlaceOf === null ? session : await this.#options.sessions.find(takesPlaceOf)
    if (!place) return { takesPlaceOf, parentId }
    return {
      takesPlaceOf: takesPlaceOf ?? id,
      parentId: place.origin === 'HERMES' ? findContinuedParentId(place) : null,
    }
  }

  async #loadTurn(session: SessionRecord, message: MessageRecord): Promise<Turn | null> {
    if (isSummary(message)) return null
    const turn = findTurn([...(await this.#loadContextBefore(session, message)), message])
    if (turn || session.origin === 'SEGUE') return turn
    // Hermes has archived the beginning of the turn.
    const shown = await this.#loadMessagesBefore(session, message.position ?? 0)
    return findTurn([...shown.filter((each) => !isSummary(each)), message])
  }

  /** The messages that have joined the answer to a message: they come behind it. Some between them may be withdrawn. */
  async #loadSteering(session: SessionRecord, { position }: MessageRecord): Promise<MessageRecord[]> {
    const steering: MessageRecord[] = []
    for (let after = position; ;) {
      const range = { after, before: null, limit: pageSize, backwards: false }
      const page = await this.#options.messageQueries.loadPage(session, range)
      for (const message of page) {
        if (isSteeringMessage(message)) steering.push(message)
        else if (!message.withdrawn) return steering
      }
      after = page.at(-1)?.position ?? null
      if (after === null) return steering
    }
  }

  async #requireFinishedMessage(messageId: string): Promise<{ message: MessageRecord; session: SessionRecord }> {
    const { messageQueries, sessions } = this.#options
    const message = await messageQueries.findMessage(messageId)
    const session = message && (await sessions.find(message.sessionId))
    if (!session) throw createIdNotFoundError('message', messageId)
    if (message.status === 'STREAMING') {
      const details = message.streamId === null ? {} : { streamId: message.streamId }
      throw new SegueError('SESSION_BUSY', 'This message is still streaming. Wait for its end, or cancel it.', details)
    }
    if (message.position === null) {
      throw createBadInputError('This message is still queued. Wait until its turn starts.', 'messageId')
    }
    return { message, session }
  }

  /**
   * The context that the model had at this message, with the summary message that it begins with. For a compacted Hermes
   * message, all messages that are shown before it.
   */
  async #loadContextBefore(session: SessionRecord, { id, position }: MessageRecord): Promise<MessageRecord[]> {
    const { summaryMessage, messages } = await this.#options.messageQueries.loadContextWithoutCheckpoints(session)
    const context = summaryMessage ? [summaryMessage, ...messages] : [...messages]
    if (session.origin === 'SEGUE') {
      return context.filter(
        (message) =>
          message === summaryMessage || message.sessionId !== session.id || (message.position ?? 0) < (position ?? 0),
      )
    }
    const index = context.findIndex((message) => message.id === id)
    return index < 0 ? this.#loadMessagesBefore(session, position ?? 0) : context.slice(0, index)
  }

  async #loadMessagesBefore(session: SessionRecord, before: number): Promise<MessageRecord[]> {
    const messages: MessageRecord[] = []
    for (;;) {
      const after = messages.at(-1)?.position ?? null
      const request = { after, before, limit: pageSize, backwards: false }
      const page = await this.#options.messageQueries.loadPage(session, request)
      if (page.length === 0) return messages
      messages.push(...page)
    }
  }

  async #createCopy(
    session: SessionRecord,
    messages: readonly MessageRecord[],
    fields: Partial<SessionRecord>,
  ): Promise<SessionWithInitialMessages> {
    const copy = newSession({
      at: this.#options.runtime.now(),
      ...inheritTitle(session),
      profile: this.#options.profileName,
      ...(session.origin === 'SEGUE' ? inheritModelSettings(session) : { model: null }),
      ...fields,
    })
    const copies = new Map<string, MessageRecord>()
    for (const message of assignTurns(messages)) copies.set(message.id, await this.#copyMessage(message, copy.id))
    const copyIds = new Map([...copies].map(([id, message]) => [id, message.id]))
    const checkpoint = await this.#copyCheckpoint(session, copy.id, copyIds)
    const lastActivityAt = messages.at(-1)?.createdAt ?? copy.startedAt
    return {
      session: { ...copy, lastActivityAt },
      messages: positionNewSessionMessages([...copies.values()].map((message) => replaceReferences(message, copyIds))),
      ...(checkpoint && { checkpoint }),
    }
  }

  /** A copy of the checkpoint that the model is sent, if the messages that it stands for are among the copies. */
  async #copyCheckpoint(
    session: SessionRecord,
    sessionId: string,
    copyIds: ReadonlyMap<string, string>,
  ): Promise<ContextCheckpoint | null> {
    const { checkpoint } = await this.#options.messageQueries.loadContext(session)
    const throughMessageId = copyIds.get(checkpoint?.summary.throughMessageId ?? '')
    if (!checkpoint || throughMessageId === undefined) return null
    const quotes = replaceQuoteReferences(checkpoint.summary.quotes, copyIds)
    return { ...checkpoint, sessionId, summary: { ...checkpoint.summary, quotes, throughMessageId } }
  }

  async #copyMessage(message: MessageRecord, sessionId: string): Promise<MessageRecord> {
    const parts = await this.#copyParts(message)
    const id = this.#options.runtime.newId('message')
    return { ...message, id, sessionId, streamId: null, parts, copyOf: findOriginalId(message) }
  }

  /** Copies the parts of a message. Tool calls get new ids, and files of Hermes are stored in the blob store. */
  async #copyParts({ parts }: Pick<MessageRecord, 'parts'>): Promise<MessagePart[]> {
    const { runtime, blobs } = this.#options
    const copies: MessagePart[] = []
    for (const part of parts) {
      if (part.type === 'tool') copies.push({ ...part, call: { ...part.call, id: runtime.newId('toolCall') } })
      else copies.push(await externalizeFile(part, blobs))
    }
    return copies
  }
}

/** The verbatim messages before a summary message are copied behind it, so that its copy stands for nothing in the fork. */
function replaceReferences(copy: MessageRecord, copyIds: ReadonlyMap<string, string>): MessageRecord {
  const { summaryContext } = copy
  if (!summaryContext) return copy
  const quotes = replaceQuoteReferences(summaryContext.quotes, copyIds)
  return { ...copy, summaryContext: { quotes, throughMessageId: null } }
}

/** A quoted message that has no copy is still the one that is quoted. */
function replaceQuoteReferences(
  quotes: readonly UserMessageQuote[],
  copyIds: ReadonlyMap<string, string>,
): UserMessageQuote[] {
  return quotes.map(({ messageId, text }) => ({ messageId: copyIds.get(messageId) ?? messageId, text }))
}

/** The turn that the last message is part of; null if a summary stands for its user message, or if there is none. */
function findTurn(messages: readonly MessageRecord[]): Turn | null {
  const index = messages.findLastIndex(
    (message) => (message.role === 'USER' && !isSteeringMessage(message)) || isSummary(message),
  )
  const userMessage = messages[index]
  return !userMessage || isSummary(userMessage) ? null : { userMessage, messagesBefore: messages.slice(0, index) }
}

function isSummary(message: MessageRecord): boolean {
  return toMessageKind(message) === 'SUMMARY'
}
