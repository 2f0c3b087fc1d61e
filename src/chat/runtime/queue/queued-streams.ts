import { isDeepStrictEqual } from 'node:util'
import { SegueError } from '../../../lib/errors.ts'
import type { ClockAndIds } from '../../../lib/clock-and-ids.ts'
import type { EventDraft } from '../../../model/chat-event.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import { toUserMessagePosition } from '../../../model/fold/message-position.ts'
import { listReleasedBlobs } from '../../../model/message-content/blob-url.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { StreamFence } from '../../../storage/event-store.ts'
import { type IdempotencyKeyRecord, createCompletedIdempotencyKeyRecord } from '../../../storage/idempotency-key.ts'
import type { AppendBatch, EventLogWriter } from '../../log/event-log-writer.ts'
import {
  createQueueChangedDraft,
  createQueuedMessageChangedDraft,
  createSessionChangedDraft,
  createStreamStartedDraft,
  startQueuedStream,
  cancelQueuedStream,
} from '../../turn/transitions.ts'
import type { NewTurn, QueuedTurn } from '../../turn/new-turn.ts'
import { createNotQueuedError } from './not-queued-error.ts'
import { listWithdrawnBefore, type WithdrawnMessageStore } from './withdrawn-messages.ts'

export interface QueuedStreamsOptions {
  readonly sessionId: string
  readonly writer: EventLogWriter
  readonly store: WithdrawnMessageStore
  readonly runtime: ClockAndIds
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  /** Whether a change takes over the stream from the process that has queued it. Default: it is queued here. */
  readonly takesOver?: boolean
}

/** A stream whose user message has its place in the session. */
export interface StartedStream {
  readonly stream: StreamRecord
  readonly userMessage: MessageRecord
}

/** A change of the queue that is not committed yet, given the seq that the log ends with before it. */
export type ComposeQueueChange = (previousHeadSeq: number) => AppendBatch

export interface StartQueuedStreamOptions {
  /** Called after the commit, before readers are notified. */
  readonly onStarted: (started: StartedStream) => void
  /** The keys of the call that starts it. */
  readonly idempotencyKeys?: readonly IdempotencyKeyRecord[]
}

/** How a stream leaves the queue: the stream and its message after that, the event of it, and the keys of the call. */
interface DequeuedStream {
  readonly stream: StreamRecord
  readonly event: EventDraft
  readonly message: MessageRecord
  readonly idempotencyKeys: readonly IdempotencyKeyRecord[]
  readonly onDequeued: (dequeued: StartedStream) => void
}

/** Of one session. */
export const maxQueuedStreams = 100

/**
 * The queued streams of one session, in the order in which they run. A change becomes visible here when it is committed,
 * before readers are notified: what they find here is never older than the event that they have received. Changes must not
 * overlap: each is composed when the one before it is committed.
 */
export class QueuedStreams {
  readonly #options: QueuedStreamsOptions
  #streams: readonly StreamRecord[] = []

  constructor(options: QueuedStreamsOptions) {
    this.#options = options
  }

  get first(): StreamRecord | null {
    return this.#streams[0] ?? null
  }

  find(id: string): StreamRecord | null {
    return this.#streams.find((stream) => stream.id === id) ?? null
  }

  /** A queued stream. Throws STALE if it is not queued any more. */
  require(id: string): StreamRecord {
    const queued = this.find(id)
    if (!queued) throw createNotQueuedError()
    return queued
  }

  list(): readonly StreamRecord[] {
    return this.#streams
  }

  /** Takes over streams that are stored as queued, in order. */
  restore(streams: readonly StreamRecord[]): void {
    this.#streams = [...this.#streams, ...streams]
  }

  /** Forgets streams that are queued here no longer. Nothing is written. */
  forget(ids: ReadonlySet<string>): void {
    this.#streams = this.#streams.filter(({ id }) => !ids.has(id))
  }

  /** Adds a turn at the end. Throws RATE_LIMITED if the queue is full. */
  async add(turn: NewTurn): Promise<StreamRecord> {
    if (this.#streams.length >= maxQueuedStreams) {
      throw new SegueError(
        'RATE_LIMITED',
        `This session already has ${maxQueuedStreams} queued messages. Try again later.`,
      )
    }
    const { stream, idempotencyKey } = turn
    await this.#options.writer.write((previousHeadSeq) => ({
      ...this.#composeQueueing([turn], previousHeadSeq, (added) => [...this.#streams, ...added]),
      ...(idempotencyKey && {
        newKey: createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: stream.id }),
      }),
    }))
    return this.find(stream.id) ?? stream
  }

  /**
   * Puts turns before everything that is queued, in this order, however long the queue is: to be committed with what causes
   * it, such as the end of an answer that the messages were to join. `startedIds`: streams that leave the queue with it.
   */
  composePrepend(turns: readonly QueuedTurn[], startedIds: ReadonlySet<string> = new Set()): ComposeQueueChange {
    return (previousHeadSeq) =>
      this.#composeQueueing(turns, previousHeadSeq, (added) => [
        ...added,
        ...this.#streams.filter(({ id }) => !startedIds.has(id)),
      ])
  }

  /** Changes the message of a queued stream, and stores the key of the call. Throws what `change` throws. */
  async changeMessage(
    queued: StreamRecord,
    change: (parts: readonly MessagePart[]) => readonly MessagePart[],
    newKey: IdempotencyKeyRecord | null,
  ): Promise<StreamRecord> {
    const message = await this.#requireMessage(queued)
    const parts = change(message.parts)
    if (isDeepStrictEqual(parts, message.parts)) return queued
    await this.#options.writer.write((previousHeadSeq) => ({
      fences: [this.#toFence(queued)],
      drafts: [createQueuedMessageChangedDraft(queued, this.#options.runtime)],
      streams: [queued],
      messages: [{ ...message, parts }],
      releasedBlobs: listReleasedBlobs(message.parts, parts),
      ...(newKey && { newKey }),
      onCommitted: () => this.#replace({ ...queued, lastSeq: previousHeadSeq + 1 }),
    }))
    return this.find(queued.id) ?? queued
  }

  /** Moves a queued stream before another one, or to the end, and stores the key of the call. Throws STALE without that one. */
  async move(queued: StreamRecord, before: StreamRecord | null, newKey: IdempotencyKeyRecord | null): Promise<void> {
    const listMoved = (): StreamRecord[] => {
      const others = this.#listOthers(queued)
      const index = before ? others.findIndex(({ id }) => id === before.id) : others.length
      if (index === -1) throw createNotQueuedError()
      return others.toSpliced(index, 0, queued)
    }
    if (listMoved().every(({ id }, place) => id === this.#streams[place]?.id)) return
    await this.#options.writer.write(() => ({
      fences: [this.#toFence(queued)],
      ...(newKey && { newKey }),
      ...this.#composeOrder([], listMoved()),
    }))
  }

  /**
   * Cancels a queued stream, and stores the keys of the call. Its message stays in the session, marked as withdrawn: no
   * model is sent it. It takes its place behind the messages that were sent before it, so it has to wait for those that
   * are still queued.
   */
  async withdraw(queued: StreamRecord, idempotencyKeys: readonly IdempotencyKeyRecord[] = []): Promise<StreamRecord> {
    const { stream, event } = cancelQueuedStream(queued, this.#options.runtime)
    const stored = await this.#options.findMessage(queued.userMessageId)
    const message = stored && { ...stored, withdrawn: true }
    const others = this.#listOthers(queued)
    const hasPlace = others.every(({ firstSeq }) => firstSeq > queued.firstSeq)
    let withdrawn = stream
    const compose =
      message && hasPlace
        ? await this.#composeDequeue(queued, {
            ...{ stream, event, message, idempotencyKeys },
            onDequeued: (dequeued) => (withdrawn = dequeued.stream),
          })
        : (previousHeadSeq: number) => ({
            fences: [this.#toFence(queued)],
            streams: [stream],
            messages: message ? [message] : [],
            idempotencyKeys,
            ...this.#composeOrder(
              [event],
              this.#listOthers(queued),
              () => (withdrawn = { ...stream, lastSeq: previousHeadSeq + 1 }),
            ),
          })
    await this.#options.writer.write(compose)
    return withdrawn
  }

  /** Starts the turn of a queued stream. */
  async composeStart(
    queued: StreamRecord,
    { onStarted, idempotencyKeys = [] }: StartQueuedStreamOptions,
  ): Promise<ComposeQueueChange> {
    const message = await this.#requireMessage(queued)
    const started = startQueuedStream(queued, this.#options.runtime)
    return this.#composeDequeue(queued, { ...started, message, idempotencyKeys, onDequeued: onStarted })
  }

  /** A stream leaves the queue: its message, and the withdrawn ones that have waited for it, take their places. */
  async #composeDequeue(
    queued: StreamRecord,
    { stream, event, message, idempotencyKeys, onDequeued }: DequeuedStream,
  ): Promise<ComposeQueueChange> {
    const { runtime } = this.#options
    const others = this.#listOthers(queued)
    const withdrawn = await listWithdrawnBefore(others, this.#options)
    return (previousHeadSeq) => {
      const seq = previousHeadSeq + 1
      const [placed = message, ...placedWithdrawn] = [message, ...withdrawn].map((each, index) =>
        assignUserMessagePosition(each, seq + index),
      )
      // Each message needs a seq of its own, from which its position follows.
      const drafts = [event, ...withdrawn.map(() => createSessionChangedDraft(queued.sessionId, runtime))]
      return {
        fences: [this.#toFence(queued)],
        streams: [stream],
        messages: [placed, ...placedWithdrawn],
        idempotencyKeys,
        ...this.#composeOrder(drafts, this.#listOthers(queued), () =>
          onDequeued({ stream: { ...stream, lastSeq: seq }, userMessage: placed }),
        ),
      }
    }
  }

  #composeQueueing(
    turns: readonly QueuedTurn[],
    previousHeadSeq: number,
    insert: (added: readonly StreamRecord[]) => readonly StreamRecord[],
  ): AppendBatch {
    const added = turns.map(({ stream }, index): StreamRecord => {
      const seq = previousHeadSeq + 1 + index
      return { ...stream, status: 'QUEUED', firstSeq: seq, lastSeq: seq }
    })
    const drafts = added.map((stream) => createStreamStartedDraft(stream, this.#options.runtime))
    return {
      streams: added,
      messages: turns.map(({ userMessage }) => userMessage),
      activityAt: Math.max(0, ...turns.map(({ userMessage }) => userMessage.createdAt)),
      ...this.#composeOrder(drafts, insert(added)),
    }
  }

  /** Replaces the queue, and tells of it behind other events. */
  #composeOrder(
    drafts: readonly EventDraft[],
    streams: readonly StreamRecord[],
    onCommitted: () => void = () => undefined,
  ): Pick<AppendBatch, 'drafts' | 'onCommitted'> {
    const { runtime, sessionId } = this.#options
    return {
      drafts: [...drafts, createQueueChangedDraft(sessionId, streams, runtime)],
      onCommitted: () => {
        this.#streams = streams
        onCommitted()
      },
    }
  }

  async #requireMessage({ id, userMessageId }: StreamRecord): Promise<MessageRecord> {
    const message = await this.#options.findMessage(userMessageId)
    if (!message) throw new Error(`Stream ${id} has no user message.`)
    return message
  }

  #replace(stream: StreamRecord): void {
    this.#streams = this.#streams.map((each) => (each.id === stream.id ? stream : each))
  }

  #toFence({ id, generation }: StreamRecord): StreamFence {
    const { takesOver } = this.#options
    return { streamId: id, generation, ...(takesOver && { takesOver }) }
  }

  #listOthers(queued: StreamRecord): StreamRecord[] {
    return this.#streams.filter(({ id }) => id !== queued.id)
  }
}

/** Gives a user's message its place in the session: `seq` is the event that places it. */
export function assignUserMessagePosition(message: MessageRecord, seq: number): MessageRecord {
  return { ...message, position: toUserMessagePosition(seq) }
}
