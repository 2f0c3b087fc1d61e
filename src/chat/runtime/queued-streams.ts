import { SegueError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { MessageRecord } from '../../model/message.ts'
import { toUserMessagePosition } from '../../model/fold/message-position.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import type { StreamLookup, WithdrawnMessageLookup } from '../../storage/event-store.ts'
import { type IdempotencyKeyRecord, createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { EventLogWriter } from '../log/event-log-writer.ts'
import {
  createSessionChangedDraft,
  createStreamStartedDraft,
  startQueuedStream,
  cancelQueuedStream,
} from '../turn/transitions.ts'
import type { NewTurn } from '../turn/new-turn.ts'

export interface QueuedStreamsOptions {
  readonly writer: EventLogWriter
  readonly store: Pick<StreamLookup, 'findStreams'> & WithdrawnMessageLookup
  readonly runtime: ClockAndIds
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
}

/** A stream whose user message has its place in the session. */
export interface StartedStream {
  readonly stream: StreamRecord
  readonly userMessage: MessageRecord
}

/** How a stream leaves the queue: the stream and its message after that, the event of it, and the keys of the call. */
interface DequeuedStream {
  readonly stream: StreamRecord
  readonly event: EventDraft
  readonly message: MessageRecord
  readonly idempotencyKeys: readonly IdempotencyKeyRecord[]
}

/** Of one session. */
export const maxQueuedStreams = 100

/** The queued streams of one session, in order. Each change is committed before it becomes visible here. */
export class QueuedStreams {
  readonly #options: QueuedStreamsOptions
  #streams: StreamRecord[] = []

  constructor(options: QueuedStreamsOptions) {
    this.#options = options
  }

  get first(): StreamRecord | null {
    return this.#streams[0] ?? null
  }

  find(id: string): StreamRecord | null {
    return this.#streams.find((stream) => stream.id === id) ?? null
  }

  list(): readonly StreamRecord[] {
    return this.#streams
  }

  /** Takes over streams that are stored as queued. */
  restore(streams: readonly StreamRecord[]): void {
    this.#streams.push(...streams)
  }

  /** Throws RATE_LIMITED if the queue is full. */
  async add({ stream, userMessage, idempotencyKey }: NewTurn): Promise<StreamRecord> {
    if (this.#streams.length >= maxQueuedStreams) {
      throw new SegueError(
        'RATE_LIMITED',
        `This session already has ${maxQueuedStreams} queued messages. Try again later.`,
      )
    }
    const { writer, runtime } = this.#options
    const queued: StreamRecord = { ...stream, status: 'QUEUED' }
    const { headSeq } = await writer.write((previousHeadSeq) => ({
      ...(idempotencyKey && {
        idempotencyKeys: [createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: stream.id })],
      }),
      drafts: [createStreamStartedDraft(queued, runtime)],
      streams: [{ ...queued, firstSeq: previousHeadSeq + 1 }],
      messages: [userMessage],
      activityAt: userMessage.createdAt,
    }))
    const stored = { ...queued, firstSeq: headSeq, lastSeq: headSeq }
    this.#streams.push(stored)
    return stored
  }

  /**
   * Cancels a queued stream, and stores the keys of the call. Its message stays in the session, marked as withdrawn: no
   * model is sent it. It takes its place behind the messages that were sent before it, so it has to wait for those that
   * are still queued.
   */
  async withdraw(queued: StreamRecord, idempotencyKeys: readonly IdempotencyKeyRecord[] = []): Promise<StreamRecord> {
    const { stream, event } = cancelQueuedStream(queued, this.#options.runtime)
    const message = await this.#options.findMessage(queued.userMessageId)
    const withdrawn = message && { ...message, withdrawn: true }
    if (withdrawn && this.first?.id === queued.id)
      return this.#commitFirst(queued, { stream, event, message: withdrawn, idempotencyKeys })
    const compose = () => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: withdrawn ? [withdrawn] : [],
      idempotencyKeys,
    })
    const { headSeq } = await this.#options.writer.write(compose, () => this.#remove(queued))
    return { ...stream, lastSeq: headSeq }
  }

  /** Starts the first queued stream. Returns null if there is none. */
  async dequeue(): Promise<StartedStream | null> {
    const queued = this.first
    if (!queued) return null
    const message = await this.#options.findMessage(queued.userMessageId)
    if (!message) throw new Error(`Stream ${queued.id} has no user message.`)
    const { stream, event } = startQueuedStream(queued, this.#options.runtime)
    const started = await this.#commitFirst(queued, { stream, event, message, idempotencyKeys: [] })
    return { stream: started, userMessage: assignUserMessagePosition(message, started.lastSeq) }
  }

  /** Commits that the first stream leaves the queue: its message and the withdrawn ones behind it take their places. */
  async #commitFirst(
    queued: StreamRecord,
    { stream, event, message, idempotencyKeys }: DequeuedStream,
  ): Promise<StreamRecord> {
    const { writer, runtime } = this.#options
    const withdrawn = await this.#listWithdrawnBefore(this.#streams[1] ?? null, queued.sessionId)
    const compose = (previousHeadSeq: number) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      // Each message needs a seq of its own, from which its position follows.
      drafts: [event, ...withdrawn.map(() => createSessionChangedDraft(queued.sessionId, runtime))],
      streams: [stream],
      messages: [message, ...withdrawn].map((each, index) =>
        assignUserMessagePosition(each, previousHeadSeq + 1 + index),
      ),
      idempotencyKeys,
    })
    const { headSeq } = await writer.write(compose, () => this.#remove(queued))
    return { ...stream, lastSeq: headSeq - withdrawn.length }
  }

  /** Called before readers are notified: what they find here is never older than the event that they have received. */
  #remove(queued: StreamRecord): void {
    this.#streams = this.#streams.filter(({ id }) => id !== queued.id)
  }

  /** Withdrawn messages without a place that were sent before a queued stream, in the order in which they were sent. */
  async #listWithdrawnBefore(next: StreamRecord | null, sessionId: string): Promise<MessageRecord[]> {
    const { store } = this.#options
    const messages = await store.listUnplacedWithdrawnMessages(sessionId)
    if (messages.length === 0) return []
    const streams = await store.findStreams(messages.flatMap(({ streamId }) => streamId ?? []))
    const firstSeqs = new Map(streams.map(({ userMessageId, firstSeq }) => [userMessageId, firstSeq]))
    const seqOf = ({ id }: MessageRecord) => firstSeqs.get(id) ?? 0
    return messages
      .filter((message) => next === null || seqOf(message) < next.firstSeq)
      .toSorted((a, b) => seqOf(a) - seqOf(b))
  }
}

/** Gives a user's message its place in the session: `seq` is the event that places it. */
export function assignUserMessagePosition(message: MessageRecord, seq: number): MessageRecord {
  return { ...message, position: toUserMessagePosition(seq) }
}
