import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { CommittedState } from './stream-runner.ts'
import type { SessionActor } from './session-actor.ts'

/** The sessions of a profile in which something happens now, each with its one chat, and whose the streams are. */
export class ActiveSessions {
  readonly #actors = new Map<string, SessionActor>()
  readonly #actorByStream = new Map<string, SessionActor>()

  /** How many streams run or wait. */
  get streamCount(): number {
    return this.#actorByStream.size
  }

  list(): SessionActor[] {
    return [...this.#actors.values()]
  }

  find(sessionId: string): SessionActor | null {
    return this.#actors.get(sessionId) ?? null
  }

  register(sessionId: string, actor: SessionActor): void {
    this.#actors.set(sessionId, actor)
  }

  unregister(sessionId: string, actor: SessionActor): void {
    if (this.#actors.get(sessionId) === actor) this.#actors.delete(sessionId)
  }

  /** The chat of a stream that runs or waits. */
  findByStream(streamId: string): SessionActor | null {
    return this.#actorByStream.get(streamId) ?? null
  }

  registerStream(streamId: string, actor: SessionActor): void {
    this.#actorByStream.set(streamId, actor)
  }

  unregisterStream(streamId: string): void {
    this.#actorByStream.delete(streamId)
  }

  /** A stream that runs or waits. */
  findStream(id: string): StreamRecord | null {
    return this.#actorByStream.get(id)?.findStream(id) ?? null
  }

  /** The answer that is being made in a session, as far as it is saved. */
  findCommittedState(sessionId: string): CommittedState | null {
    return this.#actors.get(sessionId)?.activeRunner?.committed ?? null
  }

  /** The answer of a stream that runs, as far as it is saved. */
  findCommittedStateOfStream(streamId: string): CommittedState | null {
    const committed = this.#actorByStream.get(streamId)?.activeRunner?.committed
    return committed?.stream.id === streamId ? committed : null
  }

  /** A message that is being made, by its id. */
  findStreamingMessage(messageId: string): MessageRecord | null {
    for (const { activeRunner: running } of this.#actors.values()) {
      if (running?.committed.answer?.id === messageId) return running.committed.answer
    }
    return null
  }
}
