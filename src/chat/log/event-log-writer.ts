import type { AppendRequest } from '../../storage/event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { DecisionRecord, ToolGrant } from '../../model/decision.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLog } from './event-log.ts'
import type { EventDraft } from '../../model/chat-event.ts'

/** What one transaction writes to a session. Its events have no seqs yet. */
export interface AppendBatch extends Omit<
  AppendRequest,
  'sessionId' | 'expectedHeadSeq' | 'events' | 'decisions' | 'grants'
> {
  readonly drafts: readonly EventDraft[]
}

/** The events that were written, with their seqs, and the new end of the log. */
export interface AppendResult {
  readonly headSeq: number
  readonly events: readonly ChatEvent[]
}

/** The only writer of a session's log. It assigns seqs, and commits one batch after the other. */
export class EventLogWriter {
  readonly #log: EventLog
  readonly #sessionId: string
  #headSeq: number | null = null
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(log: EventLog, sessionId: string) {
    this.#log = log
    this.#sessionId = sessionId
  }

  /**
   * Commits a batch after those before it. `compose` is called when it is next, with the seq that the log ends with.
   * `onCommitted` is called after the commit, before readers are notified. Rejects with what `compose` or the store
   * throws: nothing of the batch is stored then.
   */
  write(
    compose: (previousHeadSeq: number) => AppendBatch,
    onCommitted: (result: AppendResult) => void = () => undefined,
  ): Promise<AppendResult> {
    const pendingResult = this.#lastWrite.then(async () => {
      const previousHeadSeq = await this.#loadHeadSeq()
      const { drafts, streams = [], ...rest } = compose(previousHeadSeq)
      const events = drafts.map((draft, index) => assignSeq(draft, previousHeadSeq + index + 1))
      const result = { headSeq: previousHeadSeq + events.length, events }
      const decisions = events.flatMap(extractDecisions)
      const request = {
        ...rest,
        sessionId: this.#sessionId,
        expectedHeadSeq: previousHeadSeq,
        events,
        streams: streams.map((stream) => updateLastSeq(stream, events)),
        decisions,
        grants: decisions.flatMap(extractGrants),
      }
      await this.#log.append(request, () => {
        this.#headSeq = result.headSeq
        onCommitted(result)
      })
      return result
    })
    this.#lastWrite = pendingResult.catch(() => undefined)
    return pendingResult
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

/** The stream as of its newest event among these. */
function updateLastSeq(stream: StreamRecord, events: readonly ChatEvent[]): StreamRecord {
  const newest = events.findLast((event) => event.streamId === stream.id)
  return newest ? { ...stream, lastSeq: newest.seq } : stream
}

function extractDecisions(event: ChatEvent): DecisionRecord[] {
  return event.type === 'ApprovalChanged' || event.type === 'ClarificationChanged' ? [event.decision] : []
}

/** The grant that a decision gives beyond its own tool call. */
function extractGrants(decision: DecisionRecord): ToolGrant[] {
  if (decision.kind !== 'approval') return []
  const tool = decision.toolCall.name
  if (decision.decision === 'ALWAYS') return [{ sessionId: null, tool }]
  return decision.decision === 'SESSION' ? [{ sessionId: decision.sessionId, tool }] : []
}
