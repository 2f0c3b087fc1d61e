import type { ContextSize } from '../../model/context/context-size.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { StreamingAnswerLookup } from '../context/streaming/streaming-answer-lookup.ts'
import type { SessionActor } from './session-actor.ts'
import type { CommittedStreamState } from '../streaming/stream-committer.ts'

/** The sessions of a profile in which something happens now, with their actors, and the actor of each unfinished stream. */
export class ActiveSessions implements StreamingAnswerLookup {
  readonly #actors = new Map<string, SessionActor>()
  readonly #actorByStream = new Map<string, SessionActor>()

  /** How many streams run or are queued. */
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

  /** The actor of a stream that runs or is queued. */
  findByStream(streamId: string): SessionActor | null {
    return this.#actorByStream.get(streamId) ?? null
  }

  registerStream(streamId: string, actor: SessionActor): void {
    this.#actorByStream.set(streamId, actor)
  }

  unregisterStream(streamId: string): void {
    this.#actorByStream.delete(streamId)
  }

  /** A stream that runs or is queued, by id. */
  findStream(id: string): StreamRecord | null {
    return this.#actorByStream.get(id)?.findStream(id) ?? null
  }

  /** The running stream of a session, and its answer, as far as they are committed. */
  findCommittedState(sessionId: string): CommittedStreamState | null {
    return this.#actors.get(sessionId)?.activeRunner?.committed ?? null
  }

  /** How much the model is sent next of a session in which a stream runs. Null: it has to be counted. */
  findContextSize(sessionId: string): ContextSize | null {
    return this.#actors.get(sessionId)?.activeRunner?.contextSize ?? null
  }

  /** A running stream, and its answer, as far as they are committed. */
  findCommittedStateOfStream(streamId: string): CommittedStreamState | null {
    const committed = this.#actorByStream.get(streamId)?.activeRunner?.committed
    return committed?.stream.id === streamId ? committed : null
  }

  /** A message that is streaming, by id. */
  findStreamingMessage(messageId: string): MessageRecord | null {
    for (const { activeRunner } of this.#actors.values()) {
      const answer = activeRunner?.committed.answer
      if (answer?.id === messageId) return answer
    }
    return null
  }

  listStreamingMessages(): MessageRecord[] {
    return [...this.#actors.values()].flatMap(({ activeRunner }) => activeRunner?.committed.answer ?? [])
  }
}
