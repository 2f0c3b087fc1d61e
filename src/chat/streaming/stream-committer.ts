import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import type { ContextSize } from '../../model/context/context-size.ts'
import { isContextEvent } from '../../model/context/is-context-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import { foldMessage } from '../../model/fold/fold-message.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { findStorageProblem } from '../../storage/health/storage-problem.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { type AppendBatch, EventLogWriter, type EventLogWrite } from '../log/event-log-writer.ts'
import type { TurnTransition, TurnState } from '../turn/turn.ts'
import { SteeredMessageWrites } from './steered-message-writes.ts'
import { PendingEvents } from './pending-events.ts'

/** Pending events are committed when one of these limits is reached, or when the next commit of the profile is due. */
const groupCommitLimits = { events: 32, codeUnits: 8192 }
/** The maximum text of one commit, in UTF-16 code units. A larger one would delay the other sessions. */
const maxCommitCodeUnits = 262_144

/** A stream and its answer as of the newest committed event. */
export interface CommittedStreamState {
  readonly stream: StreamRecord
  readonly answer: MessageRecord | null
}

/** Composes what is committed together with the end of a stream, given the seq of the stream's last event. */
export type ComposeFinalBatch = (headSeq: number) => AppendBatch

/** Commits the events of one stream in groups, in order, under the stream's fence. */
export class StreamCommitter {
  readonly #writer: EventLogWriter
  readonly #answerBase: TurnState['answerBase']
  readonly #onError: (error: unknown) => void
  readonly #pending = new PendingEvents()
  readonly #keysByDraft = new WeakMap<EventDraft, IdempotencyKeyRecord>()
  readonly #contextSizesByDraft = new WeakMap<EventDraft, ContextSize>()
  readonly #steering: SteeredMessageWrites
  #stream: StreamRecord
  #committed: CommittedStreamState
  #lastCommit: Promise<unknown> = Promise.resolve()
  /** The stream as it was stored last, but for its last seq. */
  #storedStream: StreamRecord | null = null
  #isStopped = false

  /** `onError` is called when a group of events could not be committed. The events stay pending. */
  constructor(writer: EventLogWriter, { stream, answer, answerBase }: TurnState, onError: (error: unknown) => void) {
    this.#writer = writer
    this.#answerBase = answerBase
    this.#steering = new SteeredMessageWrites(answerBase.position)
    this.#onError = onError
    this.#stream = stream
    this.#committed = { stream, answer }
  }

  get committed(): CommittedStreamState {
    return this.#committed
  }

  /** Whether so much text is pending that the agent has to wait. */
  get isFull(): boolean {
    return this.#pending.codeUnits > maxCommitCodeUnits
  }

  /**
   * Adds the events of a transition to the next commit, with the rows that they change. The key is that of the call that
   * causes them: it is committed with the last one.
   */
  enqueue({ events: drafts, turn }: TurnTransition, idempotencyKey: IdempotencyKeyRecord | null = null): void {
    this.#stream = turn.stream
    this.#steering.add(drafts, turn.steered)
    const last = drafts.at(-1)
    if (idempotencyKey && last) this.#keysByDraft.set(last, idempotencyKey)
    for (const draft of drafts) this.#pending.push(draft)
    this.schedule()
  }

  /** Makes sure that pending events are committed soon. */
  schedule(): void {
    if (this.#pending.count === 0 || this.#isStopped) return
    const { events, codeUnits } = groupCommitLimits
    const isGroupFull = this.#pending.count >= events || this.#pending.codeUnits >= codeUnits
    if (isGroupFull) void this.flush()
    else this.#writer.commits.schedule(this.#commitWhenDue)
  }

  readonly #commitWhenDue = (): void => void this.flush()

  /** Commits all pending events, after earlier commits. Never rejects: see `onError`. */
  async flush(): Promise<void> {
    await this.runAfterCommits(() => this.#writePending()).catch(this.#onError)
  }

  /** Has the size of the session's context as of an event committed with it, unless it changes again in the same commit. */
  setContextSize(draft: EventDraft, contextSize: ContextSize): void {
    this.#contextSizesByDraft.set(draft, contextSize)
  }

  /**
   * Commits a checkpoint of the session's context, with the first pending events, and an event that tells of it. Does nothing
   * once the stream ends.
   */
  async commitCheckpoint(checkpoint: ContextCheckpoint, event: EventDraft): Promise<void> {
    await this.runAfterCommits(async () => {
      if (this.#isStopped) return
      this.#pending.push(event)
      await this.#writeBatch(checkpoint)
    })
    this.schedule()
  }

  /** Runs a task when earlier commits are done, and delays later ones until it is over. */
  runAfterCommits<T>(task: () => Promise<T>): Promise<T> {
    return StreamCommitter.#runAfterCommitsOf([this], task)
  }

  /**
   * Commits what `enqueue` adds to these streams in one transaction, which holds nothing else: `enqueue` is called when
   * everything before it is committed. If a stream is at fault that it cannot be committed, as one that another process has ended,
   * each of the others is committed by itself, in their order. The places in the order of all streams are taken at once, so that
   * two calls never wait for each other. Never rejects: see `onError`.
   */
  static async commitTogether(committers: readonly StreamCommitter[], enqueue: () => void): Promise<void> {
    await StreamCommitter.#runAfterCommitsOf(committers, async () => {
      for (const committer of committers) await committer.#writePending().catch(committer.#onError)
      enqueue()
      const open = committers.filter((committer) => committer.#pending.count > 0 && !committer.#isStopped)
      await StreamCommitter.#writeAllPending(open).catch(async (error: unknown) => {
        const isOwnFault = findStorageProblem(error) === null
        for (const committer of open) {
          if (isOwnFault) await committer.#writePending().catch(committer.#onError)
          else committer.#onError(error)
        }
      })
    })
  }

  static #runAfterCommitsOf<T>(committers: readonly StreamCommitter[], task: () => Promise<T>): Promise<T> {
    const result = Promise.all(committers.map((committer) => committer.#lastCommit)).then(task)
    for (const committer of committers) committer.#lastCommit = result.catch(() => undefined)
    return result
  }

  static async #writeAllPending(committers: readonly StreamCommitter[]): Promise<void> {
    const writes = committers.map((committer) => {
      const stream = committer.#stream
      const drafts = committer.#takePending(Number.POSITIVE_INFINITY)
      return {
        committer,
        drafts,
        write: committer.#createWrite(drafts, stream, () => ({ drafts, streams: committer.#listChanged(stream) })),
      }
    })
    try {
      await EventLogWriter.writeAll(writes.map(({ write }) => write))
    } catch (error) {
      for (const { committer, drafts } of writes) committer.#pending.restore(drafts)
      throw error
    }
  }

  /** Commits nothing any more, except by `writeEnd`. */
  stop(): void {
    this.#isStopped = true
  }

  /**
   * Commits all pending events, the terminal event, the answer's row and another batch. All of it is one transaction,
   * unless too much text is pending: that is committed first.
   */
  async writeEnd(finish: () => TurnTransition, composeBatch?: ComposeFinalBatch): Promise<TurnTransition> {
    while (this.isFull) await this.#writeBatch()
    const pending = this.#takePending(Number.POSITIVE_INFINITY)
    const transition = finish()
    const { answer, stream, steered } = transition.turn
    this.#steering.add(transition.events, steered)
    await this.#write(pending, stream, (headSeq) => {
      const drafts = [...pending, ...transition.events]
      const otherBatch = composeBatch?.(headSeq + drafts.length)
      return {
        ...(answer && stream.finishedAt !== null && { activityAt: stream.finishedAt }),
        ...otherBatch,
        drafts: [...drafts, ...(otherBatch?.drafts ?? [])],
        streams: [stream, ...(otherBatch?.streams ?? [])],
        messages: [...(answer ? [answer] : []), ...(otherBatch?.messages ?? [])],
      }
    })
    return transition
  }

  async #writePending(): Promise<void> {
    while (this.#pending.count > 0 && !this.#isStopped) await this.#writeBatch()
  }

  /** Commits the first pending events, as many as one transaction may hold. */
  async #writeBatch(checkpoint: ContextCheckpoint | null = null): Promise<void> {
    const stream = this.#stream
    const drafts = this.#takePending(maxCommitCodeUnits)
    await this.#write(drafts, stream, () => ({
      drafts,
      streams: this.#listChanged(stream),
      ...(checkpoint && { checkpoint }),
    }))
    if (this.#pending.count > 0) await yieldToEventLoop()
  }

  /** If the commit fails, `drafts` are pending again. */
  async #write(drafts: readonly EventDraft[], stream: StreamRecord, compose: ComposeFinalBatch): Promise<void> {
    try {
      await EventLogWriter.writeAll([this.#createWrite(drafts, stream, compose)])
    } catch (error) {
      this.#pending.restore(drafts)
      throw error
    }
  }

  /** `drafts` are the events that were pending. Their keys are committed with them. */
  #createWrite(drafts: readonly EventDraft[], stream: StreamRecord, compose: ComposeFinalBatch): EventLogWrite {
    const { id, generation, lastSeq } = this.#committed.stream
    return {
      writer: this.#writer,
      compose: (headSeq) => {
        const batch = compose(headSeq)
        const keys = drafts.flatMap((draft) => this.#keysByDraft.get(draft) ?? [])
        const fences = [{ streamId: id, generation }, ...(batch.fences ?? [])]
        const contextSize = this.#findContextSize(batch.drafts)
        const withSize = { ...batch, ...(contextSize && { contextSize }) }
        return this.#addSteering(
          { ...withSize, fences, idempotencyKeys: [...keys, ...(batch.idempotencyKeys ?? [])] },
          headSeq,
        )
      },
      onCommitted: ({ events }) => {
        const streamEvents = events.filter((event) => event.streamId === id)
        this.#committed = {
          answer: this.#steering.placeAnswer(
            streamEvents.reduce(
              (message, event) => foldMessage(this.#answerBase, message, event),
              this.#committed.answer,
            ),
          ),
          stream: { ...stream, lastSeq: streamEvents.at(-1)?.seq ?? lastSeq },
        }
        this.#storedStream = stream
      },
    }
  }

  /** The stream, unless its row is up to date: deltas change its last seq alone, which is stored with the fence. */
  #listChanged(stream: StreamRecord): StreamRecord[] {
    return stream === this.#storedStream ? [] : [stream]
  }

  /** The size of the context after these events, if it is known. */
  #findContextSize(drafts: readonly EventDraft[]): ContextSize | null {
    const index = drafts.findLastIndex((draft) => this.#contextSizesByDraft.has(draft) || isContextEvent(draft))
    const draft = drafts[index]
    return (draft && this.#contextSizesByDraft.get(draft)) ?? null
  }

  /** Adds the rows of the messages that join the stream, and puts the answer behind them. */
  #addSteering(batch: AppendBatch, headSeq: number): AppendBatch {
    const { messages, activityAt } = this.#steering.compose(batch.drafts, headSeq)
    const answerId = this.#stream.messageId
    const others = (batch.messages ?? []).map((message) =>
      message.id === answerId ? (this.#steering.placeAnswer(message) ?? message) : message,
    )
    return {
      ...batch,
      messages: [...others, ...messages],
      ...(activityAt !== null && { activityAt: Math.max(activityAt, batch.activityAt ?? 0) }),
    }
  }

  /** The seq of the event that accepted a message which joins the stream. Null before that is committed. */
  findAcceptedSeq(messageId: string): number | null {
    return this.#steering.findAcceptedSeq(messageId)
  }

  #takePending(maxCodeUnits: number): EventDraft[] {
    this.#writer.commits.cancel(this.#commitWhenDue)
    return this.#pending.take(maxCodeUnits)
  }
}
