import { badInput, notFound, SegueError } from '../../lib/errors.ts'
import { newSession, type Sessions, titleOf } from '../../sessions/session-repository.ts'
import type { NewSession } from '../../storage/event-store.ts'
import type { FileStore } from '../../storage/filesystem/filesystem-blob-store.ts'
import type { MessagePart, MessageRecord, SessionRecord } from '../../model/records.ts'
import { kept } from '../attachments/attachments.ts'
import type { Environment } from '../../lib/runtime.ts'
import { positionsBefore } from '../../model/fold-message.ts'
import type { Transcripts } from '../context/message-queries.ts'

export interface ForkingOptions {
  readonly sessions: Sessions
  readonly transcripts: Transcripts
  readonly files: FileStore
  readonly profile: string
  readonly env: Environment
}

/** A turn that is to be had once more, in a session of its own. */
export interface SecondTry extends NewSession {
  /** What the user said in that turn. */
  readonly parts: readonly MessagePart[]
}

/** Makes sessions that begin with what was said in another one, up to a point. Nothing is stored yet. */
export class Forking {
  readonly #options: ForkingOptions

  constructor(options: ForkingOptions) {
    this.#options = options
  }

  /** The messages up to and including this one. Throws NOT_FOUND, and SESSION_BUSY while it is being made. */
  async after(messageId: string): Promise<NewSession> {
    const { message, session } = await this.#find(messageId)
    const told = await this.#toldBefore(session, message)
    return this.#fork(session, messageId, message.withdrawn ? told : [...told, message])
  }

  /** The messages before the turn of this one. Throws NOT_FOUND, SESSION_BUSY and BAD_USER_INPUT when it is in no turn. */
  async beforeTurn(messageId: string): Promise<SecondTry> {
    const { message, session } = await this.#find(messageId)
    const before = await this.#toldBefore(session, message)
    const index = message.role === 'USER' ? before.length : before.findLastIndex(({ role }) => role === 'USER')
    const asked = message.role === 'USER' ? message : before[index]
    if (!asked || asked.sessionId !== session.id) {
      throw badInput('Nobody said anything before this message that could be answered again.', 'messageId')
    }
    const fork = await this.#fork(session, asked.id, before.slice(0, index))
    return { ...fork, parts: await this.#parts(asked) }
  }

  async #find(messageId: string): Promise<{ message: MessageRecord; session: SessionRecord }> {
    const { transcripts, sessions } = this.#options
    const message = await transcripts.message(messageId)
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
  async #toldBefore(session: SessionRecord, { id, position }: MessageRecord): Promise<MessageRecord[]> {
    const context = await this.#options.transcripts.context(session)
    if (session.origin === 'SEGUE') {
      return context.filter((told) => told.sessionId !== session.id || (told.position ?? 0) < (position ?? 0))
    }
    const index = context.findIndex((told) => told.id === id)
    return index < 0 ? this.#shownBefore(session, position ?? 0) : context.slice(0, index)
  }

  async #shownBefore(session: SessionRecord, before: number): Promise<MessageRecord[]> {
    const shown: MessageRecord[] = []
    for (;;) {
      const after = shown.at(-1)?.position ?? null
      const page = await this.#options.transcripts.page(session, { after, before, limit: 1000, backwards: false })
      if (page.length === 0) return shown
      shown.push(...page)
    }
  }

  async #fork(session: SessionRecord, forkedFrom: string, told: readonly MessageRecord[]): Promise<NewSession> {
    const { profile, env } = this.#options
    const fork = newSession({
      at: env.now(),
      ...titleOf(session),
      profile,
      model: session.origin === 'SEGUE' ? session.model : null,
      forkedFrom,
    })
    const copies: MessageRecord[] = []
    for (const message of told) copies.push(await this.#copied(message, fork.id))
    const lastActivityAt = copies.at(-1)?.createdAt ?? fork.startedAt
    return { session: { ...fork, lastActivityAt }, messages: positionsBefore(copies) }
  }

  async #copied(message: MessageRecord, sessionId: string): Promise<MessageRecord> {
    const parts = await this.#parts(message)
    return { ...message, id: this.#options.env.newId('message'), sessionId, streamId: null, parts }
  }

  /** Its parts: their files kept here, whoever kept them, and their calls under ids of their own. */
  async #parts({ parts }: MessageRecord): Promise<MessagePart[]> {
    const copied: MessagePart[] = []
    for (const part of parts) {
      const call = part.type === 'tool' ? { ...part.call, id: this.#options.env.newId('toolCall') } : null
      copied.push(call ? { type: 'tool', call } : await kept(part, this.#options.files))
    }
    return copied
  }
}
