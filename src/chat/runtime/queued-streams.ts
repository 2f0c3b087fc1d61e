import { SegueError } from '../../lib/errors.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { MessageRecord } from '../../model/message.ts'
import { toUserMessagePosition } from '../../model/fold/message-position.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLogWriter } from '../log/event-log-writer.ts'
import { createStreamStartedDraft, dequeueStream, cancelQueuedStream } from '../turn/transitions.ts'
import type { NewTurn } from '../turn/new-turn.ts'

export interface QueuedStreamsOptions {
  readonly writer: EventLogWriter
  readonly runtime: Runtime
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
}

/** A stream whose user message has its place in the session. */
export interface StartedStream {
  readonly stream: StreamRecord
  readonly userMessage: MessageRecord
}

const maxQueued = 100

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

  /** Takes over streams that are stored as queued. */
  restore(streams: readonly StreamRecord[]): void {
    this.#streams.push(...streams)
  }

  /** Throws RATE_LIMITED if the queue is full. */
  async add({ stream, userMessage, idempotencyKey }: NewTurn): Promise<StreamRecord> {
    if (this.#streams.length >= maxQueued) {
      throw new SegueError('RATE_LIMITED', `This session already has ${maxQueued} queued messages. Try again later.`)
    }
    const { writer, runtime } = this.#options
    const queued: StreamRecord = { ...stream, status: 'QUEUED' }
    const { headSeq } = await writer.write((previousHeadSeq) => ({
      ...(idempotencyKey && { idempotencyKey: { streamId: stream.id, ...idempotencyKey } }),
      drafts: [createStreamStartedDraft(queued, runtime)],
      streams: [{ ...queued, firstSeq: previousHeadSeq + 1 }],
      messages: [userMessage],
      activityAt: userMessage.createdAt,
    }))
    const stored = { ...queued, firstSeq: headSeq, lastSeq: headSeq }
    this.#streams.push(stored)
    return stored
  }

  /** Cancels a queued stream. Its message stays in the session, marked as withdrawn: no model is sent it. */
  async withdraw(queued: StreamRecord): Promise<StreamRecord> {
    const { writer, runtime, findMessage } = this.#options
    const { stream, event } = cancelQueuedStream(queued, runtime)
    const message = await findMessage(queued.userMessageId)
    const { headSeq } = await writer.write((previousHeadSeq) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: message ? [{ ...placeUserMessage(message, previousHeadSeq + 1), withdrawn: true }] : [],
    }))
    this.#streams = this.#streams.filter(({ id }) => id !== queued.id)
    return { ...stream, lastSeq: headSeq }
  }

  /** Starts the first queued stream. Returns null if there is none. */
  async dequeue(): Promise<StartedStream | null> {
    const queued = this.first
    if (!queued) return null
    const { writer, runtime, findMessage } = this.#options
    const message = await findMessage(queued.userMessageId)
    if (!message) throw new Error(`Stream ${queued.id} has no user message.`)
    const { stream, event } = dequeueStream(queued, runtime)
    const { headSeq } = await writer.write((previousHeadSeq) => ({
      fence: { streamId: queued.id, generation: queued.generation },
      drafts: [event],
      streams: [stream],
      messages: [placeUserMessage(message, previousHeadSeq + 1)],
    }))
    this.#streams.shift()
    return { stream: { ...stream, lastSeq: headSeq }, userMessage: placeUserMessage(message, headSeq) }
  }
}

/** Gives a user's message its place in the session: `seq` is the event that places it. */
export function placeUserMessage(message: MessageRecord, seq: number): MessageRecord {
  return { ...message, position: toUserMessagePosition(seq) }
}
