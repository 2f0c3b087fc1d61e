import { LogVersionConflictError } from '../../storage/errors.ts'
import type { AppendRequest, StreamFence } from '../../storage/event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import { isContextEvent } from '../../model/context/is-context-event.ts'
import { toApprovalRule } from './to-approval-rule.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { CommitScheduler } from './commit-scheduler.ts'
import type { EventLog } from './event-log.ts'
import { findReadTime } from './find-read-time.ts'
import { isConflict } from './repeat-after-conflicts.ts'
import type { EventDraft } from '../../model/chat-event.ts'

/** What one transaction writes to a session. Its events have no seqs yet. */
export interface AppendBatch extends Omit<
  AppendRequest,
  'sessionId' | 'expectedHeadSeq' | 'events' | 'decisions' | 'approvalRules' | 'queuedStreamIds' | 'readAt'
> {
  readonly drafts: readonly EventDraft[]
  /** Called after the commit, before readers are notified, and after that of the write. */
  readonly onCommitted?: () => void
}

/** The events that were written, with their seqs, and the new end of the log. */
export interface AppendResult {
  readonly headSeq: number
  readonly events: readonly ChatEvent[]
}

/** One batch for the log of one session. */
export interface EventLogWrite {
  readonly writer: EventLogWriter
  /** Called when the batch is next, with the seq that the log ends with. */
  readonly compose: (previousHeadSeq: number) => AppendBatch
  /** Called after the commit, before readers are notified. */
  readonly onCommitted?: (result: AppendResult) => void
}

/** How often a batch is composed because other processes have written to the log. */
const maxAttempts = 10

export interface EventLogWriterOptions {
  /** Called when another process has written to the log, or has ended or taken over a stream, and the write is refused. */
  readonly onConflict?: () => void
  /** Called before a batch is composed again: what it is composed of may have been changed by another process. */
  readonly beforeRetry?: () => Promise<void>
}

interface ComposedBatch {
  readonly request: AppendRequest
  readonly result: AppendResult
  readonly onBatchCommitted: (() => void) | undefined
}

/** The only writer of a session's log. It assigns seqs, and commits one batch after the other. */
export class EventLogWriter {
  readonly #log: EventLog
  readonly #sessionId: string
  readonly #options: EventLogWriterOptions
  #headSeq: number | null = null
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(log: EventLog, sessionId: string, options: EventLogWriterOptions = {}) {
    this.#log = log
    this.#sessionId = sessionId
    this.#options = options
  }

  /** Where the log ends after the writes so far. */
  async loadHeadSeq(): Promise<number> {
    await this.#lastWrite
    return this.#loadHeadSeq()
  }

  /**
   * Commits a batch after those before it. Rejects with what `compose` or the store throws: nothing of the batch is stored
   * then.
   */
  async write(compose: EventLogWrite['compose'], onCommitted?: EventLogWrite['onCommitted']): Promise<AppendResult> {
    const write = { writer: this, compose, ...(onCommitted && { onCommitted }) }
    const [result] = await EventLogWriter.writeAll([write])
    if (!result) throw new Error('The write has no result.')
    return result
  }

  /**
   * Commits batches of different sessions in one transaction, each after those before it. Rejects like `write`. The place in
   * the order of each log is taken at once, so that two calls never wait for each other.
   */
  static async writeAll(writes: readonly EventLogWrite[]): Promise<AppendResult[]> {
    const [first] = writes
    if (!first) return []
    const pendingResult = Promise.all(writes.map(({ writer }) => writer.#lastWrite)).then(() =>
      EventLogWriter.#commit(first.writer.#log, writes),
    )
    for (const { writer } of writes) writer.#lastWrite = pendingResult.catch((error) => writer.#onFailed(error))
    return pendingResult
  }

  /**
   * Another process may write to a log as well, as when it renames a session whose stream runs here. What the fence of a
   * stream allows is composed again then, after what the other one has written.
   */
  static async #commit(log: EventLog, writes: readonly EventLogWrite[]): Promise<AppendResult[]> {
    for (let attempt = 1; ; attempt += 1) {
      const headSeqs = await Promise.all(writes.map(({ writer }) => writer.#loadHeadSeq()))
      // After the heads: whatever changes later is a conflict again.
      if (attempt > 1) await Promise.all(writes.map(({ writer }) => writer.#options.beforeRetry?.()))
      const composed = writes.map((write, index) => ({
        ...write,
        ...write.writer.#compose(write, headSeqs[index] ?? 0),
      }))
      try {
        await log.appendAll(
          composed.map(({ request }) => request),
          () => {
            for (const { writer, result, onCommitted, onBatchCommitted } of composed) {
              writer.#headSeq = result.headSeq
              onCommitted?.(result)
              onBatchCommitted?.()
            }
          },
        )
        return composed.map(({ result }) => result)
      } catch (error) {
        const isFenced = composed.every(({ request }) => (request.fences ?? []).length > 0)
        if (!(error instanceof LogVersionConflictError && isFenced) || attempt === maxAttempts) throw error
        for (const { writer } of writes) writer.#headSeq = null
      }
    }
  }

  /** When to commit the events that are collected. */
  get commits(): CommitScheduler {
    return this.#log.commits
  }

  /** Ends the waiting of the log's readers with an error. Those that come later receive it, too, until the next commit. */
  interruptReaders(error: Error): void {
    this.#log.interruptReaders(this.#sessionId, error, this.#headSeq)
  }

  #onFailed(error: unknown): void {
    // Another process has written to the log, or owns it now. The next write reads where it ends.
    if (!isConflict(error)) return
    this.#headSeq = null
    this.#options.onConflict?.()
  }

  #compose({ compose }: EventLogWrite, previousHeadSeq: number): ComposedBatch {
    const { drafts, streams = [], onCommitted, ...rest } = compose(previousHeadSeq)
    const events = drafts.map((draft, index) => assignSeq(draft, previousHeadSeq + index + 1))
    const decisions = events.flatMap(extractDecisions)
    const readAt = findReadTime(events, rest.newSession ?? null, rest.messages ?? [])
    const queueChange = events.findLast((event) => event.type === 'QueueChanged')
    const request = {
      ...rest,
      sessionId: this.#sessionId,
      expectedHeadSeq: previousHeadSeq,
      events,
      streams: streams.map((stream) => updateLastSeq(stream, events)),
      ...(rest.fences && { fences: rest.fences.map((fence) => addLastSeq(fence, events)) }),
      decisions,
      approvalRules: decisions.flatMap((decision) => toApprovalRule(decision) ?? []),
      ...(readAt !== null && { readAt }),
      ...(queueChange && { queuedStreamIds: queueChange.streamIds }),
      ...(rest.contextSize === undefined && changesContext(rest, events) && { contextSize: null }),
    }
    const result = { headSeq: previousHeadSeq + events.length, events }
    return { request, result, onBatchCommitted: onCommitted }
  }

  /** Read by the first write, and not earlier: until then another writer may append to the log. 0 for a new session. */
  async #loadHeadSeq(): Promise<number> {
    this.#headSeq ??= (await this.#log.loadHeadSeq(this.#sessionId)) ?? 0
    return this.#headSeq
  }
}

/** Gives an event its seq. A stream in it is as of this event. */
function assignSeq(draft: EventDraft, seq: number): ChatEvent {
  switch (draft.type) {
    case 'StreamStarted':
      return { ...draft, seq, stream: { ...draft.stream, firstSeq: seq, lastSeq: seq } }
    case 'StreamChanged':
    case 'StreamFinished':
      return { ...draft, seq, stream: { ...draft.stream, lastSeq: seq } }
    default:
      return { ...draft, seq }
  }
}

/** The seq of the newest event of the stream that writes is stored with the fence. */
function addLastSeq(fence: StreamFence, events: readonly ChatEvent[]): StreamFence {
  const newest = events.findLast((event) => event.streamId === fence.streamId)
  return newest ? { ...fence, lastSeq: newest.seq } : fence
}

/** The stream as of its newest event among these. */
function updateLastSeq(stream: StreamRecord, events: readonly ChatEvent[]): StreamRecord {
  const newest = events.findLast((event) => event.streamId === stream.id)
  return newest ? { ...stream, lastSeq: newest.seq } : stream
}

function extractDecisions(event: ChatEvent): DecisionRecord[] {
  return event.type === 'ApprovalChanged' || event.type === 'ClarificationChanged' ? [event.decision] : []
}

/** Whether a batch changes what a model would be sent next, so that it has to be counted again. */
function changesContext(
  { checkpoint, sessionPatch = {} }: Pick<AppendRequest, 'checkpoint' | 'sessionPatch'>,
  events: readonly ChatEvent[],
): boolean {
  const isPatched = sessionPatch.model !== undefined || sessionPatch.instructions !== undefined
  return checkpoint !== undefined || isPatched || events.some(isContextEvent)
}
