import type { ModelMessage } from 'ai'
import type { Profile } from '../../services/profile-stores.ts'
import type { Sessions } from '../../sessions/session-repository.ts'
import type { MessageRecord, SessionRecord } from '../../model/records.ts'
import type { PageRequest } from '../../storage/session-reader.ts'
import { withBytes } from '../attachments/attachments.ts'
import { modelContext } from './to-model-messages.ts'
import { fitted } from './trim-to-context-window.ts'
import type { Live } from '../runtime/active-sessions.ts'
import { whole } from '../log/rehydrate-message.ts'

/** What was said, as it is stored and as it is being made. */
export class Transcripts {
  readonly #profile: Profile
  readonly #sessions: Sessions
  readonly #live: Live

  constructor(profile: Profile, sessions: Sessions, live: Live) {
    this.#profile = profile
    this.#sessions = sessions
    this.#live = live
  }

  /** The message that is being made in a session, as far as it is saved. */
  growing(sessionId: string): MessageRecord | null {
    return this.#live.saved(sessionId)?.answer ?? null
  }

  /** A message by id, stored or being made. */
  async message(id: string): Promise<MessageRecord | null> {
    return this.#live.growing(id) ?? this.stored(id)
  }

  /** The assistant's message of a stream: growing while it runs, then the saved one; null when nothing was produced. */
  async answerOf(streamId: string): Promise<MessageRecord | null> {
    const saved = this.#live.savedOf(streamId)
    if (saved) return saved.answer
    const stream = await this.#profile.chats.stream(streamId)
    return stream?.messageId ? this.stored(stream.messageId) : null
  }

  /** A page of a session's messages, the one that is being made at their end. */
  async page(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    const growing = this.growing(session.id)
    const stored = await this.#whole(await this.#sessions.messagePage(session, page))
    const position = growing?.position ?? 0
    const isMissing =
      growing &&
      position > (page.after ?? Number.MIN_SAFE_INTEGER) &&
      position < (page.before ?? Number.MAX_SAFE_INTEGER) &&
      // It may have been stored while the page was read.
      !stored.some(({ id }) => id === growing.id)
    if (!isMissing) return stored
    return page.backwards ? [...stored, growing].slice(-page.limit) : [...stored, growing].slice(0, page.limit)
  }

  /** A stored message by id. */
  async stored(id: string): Promise<MessageRecord | null> {
    const message = await this.#sessions.message(id)
    return message && whole(message, this.#profile.chats)
  }

  /** What the model knows of a session when its next turn begins, oldest first. */
  async context(session: SessionRecord): Promise<MessageRecord[]> {
    return this.#whole(await this.#sessions.context(session))
  }

  /**
   * What a model with a window of so many tokens is sent, with the answer as far as it is. What went before is read
   * once; a failure to read it is the failure of whoever asks for it.
   */
  history(session: SessionRecord, window: number): (answer: MessageRecord | null) => Promise<ModelMessage[]> {
    const before = this.context(session).then((messages) => this.#withBytes(messages))
    before.catch(() => undefined)
    return async (answer) => fitted(modelContext([...(await before), ...(answer ? [answer] : [])]), window)
  }

  async #whole(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const all: MessageRecord[] = []
    for (const message of messages) all.push(message.inLog ? await whole(message, this.#profile.chats) : message)
    return all
  }

  async #withBytes(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const all: MessageRecord[] = []
    for (const message of messages) all.push(await withBytes(message, this.#profile.files))
    return all
  }
}
