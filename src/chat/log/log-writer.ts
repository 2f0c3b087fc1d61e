import type { LogWrite } from '../../storage/event-store.ts'
import type { ChatEvent, DecisionRecord, StreamRecord, ToolGrant } from '../../model/records.ts'
import type { ChatLog } from './event-log.ts'
import type { Draft } from '../../model/fold-message.ts'

/** What one transaction adds to a session, its events not numbered yet. */
export interface Addition extends Omit<LogWrite, 'sessionId' | 'head' | 'events' | 'decisions' | 'grants'> {
  readonly drafts: readonly Draft[]
}

/** What was added, and where the log ends since. */
export interface Added {
  readonly head: number
  readonly events: readonly ChatEvent[]
}

/** The one writer of a session's log: it numbers the events and commits one addition after the other. */
export class SessionWriter {
  readonly #log: ChatLog
  readonly #sessionId: string
  #head: number
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: ChatLog, sessionId: string, head: number) {
    this.#log = log
    this.#sessionId = sessionId
    this.#head = head
  }

  /**
   * Commits what `compose` makes when its turn has come; it is told the seq that the log ends with. `onCommitted` is
   * called before any reader is told. Rejects with what the storage threw: nothing of the addition is kept or shown then.
   */
  write(compose: (head: number) => Addition, onCommitted: (added: Added) => void = () => undefined): Promise<Added> {
    const written = this.#last.then(async () => {
      const head = this.#head
      const { drafts, streams = [], ...rest } = compose(head)
      const events = drafts.map((draft, index) => numbered(draft, head + index + 1))
      const added = { head: head + events.length, events }
      const decisions = events.flatMap(decisionIn)
      const write = {
        ...rest,
        sessionId: this.#sessionId,
        head,
        events,
        streams: streams.map((stream) => asOf(stream, events)),
        decisions,
        grants: decisions.flatMap(grantIn),
      }
      await this.#log.append(write, () => {
        this.#head = added.head
        onCommitted(added)
      })
      return added
    })
    this.#last = written.catch(() => undefined)
    return written
  }
}

/** Gives an event its number. A stream that it holds is as of this event. */
function numbered(draft: Draft, seq: number): ChatEvent {
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

/** The stream as of the newest of its events among these. */
function asOf(stream: StreamRecord, events: readonly ChatEvent[]): StreamRecord {
  const newest = events.findLast((event) => event.streamId === stream.id)
  return newest ? { ...stream, lastSeq: newest.seq } : stream
}

function decisionIn(event: ChatEvent): DecisionRecord[] {
  return event.type === 'ApprovalChanged' || event.type === 'ClarificationChanged' ? [event.decision] : []
}

/** What a decision allows beyond the call that it is about. */
function grantIn(decision: DecisionRecord): ToolGrant[] {
  if (decision.kind !== 'approval') return []
  const tool = decision.toolCall.name
  if (decision.decision === 'ALWAYS') return [{ sessionId: null, tool }]
  return decision.decision === 'SESSION' ? [{ sessionId: decision.sessionId, tool }] : []
}
