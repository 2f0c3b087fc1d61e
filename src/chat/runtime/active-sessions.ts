import type { MessageRecord, StreamRecord } from '../../model/records.ts'
import type { Saved } from './stream-runner.ts'
import type { SessionChat } from './session-actor.ts'

/** The sessions of a profile in which something happens now, each with its one chat, and whose the streams are. */
export class Live {
  readonly #chats = new Map<string, SessionChat>()
  readonly #owners = new Map<string, SessionChat>()

  /** How many streams run or wait. */
  get streams(): number {
    return this.#owners.size
  }

  chats(): SessionChat[] {
    return [...this.#chats.values()]
  }

  chat(sessionId: string): SessionChat | null {
    return this.#chats.get(sessionId) ?? null
  }

  open(sessionId: string, chat: SessionChat): void {
    this.#chats.set(sessionId, chat)
  }

  close(sessionId: string, chat: SessionChat): void {
    if (this.#chats.get(sessionId) === chat) this.#chats.delete(sessionId)
  }

  /** The chat of a stream that runs or waits. */
  ownerOf(streamId: string): SessionChat | null {
    return this.#owners.get(streamId) ?? null
  }

  own(streamId: string, chat: SessionChat): void {
    this.#owners.set(streamId, chat)
  }

  disown(streamId: string): void {
    this.#owners.delete(streamId)
  }

  /** A stream that runs or waits. */
  stream(id: string): StreamRecord | null {
    return this.#owners.get(id)?.stream(id) ?? null
  }

  /** The answer that is being made in a session, as far as it is saved. */
  saved(sessionId: string): Saved | null {
    return this.#chats.get(sessionId)?.running?.saved ?? null
  }

  /** The answer of a stream that runs, as far as it is saved. */
  savedOf(streamId: string): Saved | null {
    const saved = this.#owners.get(streamId)?.running?.saved
    return saved?.stream.id === streamId ? saved : null
  }

  /** A message that is being made, by its id. */
  growing(messageId: string): MessageRecord | null {
    for (const { running } of this.#chats.values()) {
      if (running?.saved.answer?.id === messageId) return running.saved.answer
    }
    return null
  }
}
