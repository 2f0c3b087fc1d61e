import type { EventStore, EventRange, AppendRequest } from '../../storage/event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { Json } from '../../lib/json.ts'
import type { ToolCall } from '../../model/message.ts'
import { Notifier } from '../../lib/notifier.ts'
import { getDeltaText, isDelta } from '../../model/delta.ts'

/** How much of a log's end stays in memory, so that readers who keep up need no database: events, and UTF-16 units. */
const tailLimits = { events: 256, units: 1_048_576 }

/** Events behind which nothing may come for a long time. */
const idleEventTypes: ReadonlySet<ChatEvent['type']> = new Set(['StreamFinished', 'SessionChanged', 'SessionContinued'])

interface CachedSession {
  /** The newest events, in order, without a gap; its last one is the newest of the log. */
  tail: ChatEvent[]
  readonly waiters: Set<() => void>
  isRemoved: boolean
}

/**
 * The logs of all sessions as their readers see them: an event can be read once its transaction has committed, never
 * before. Each reader keeps a cursor of its own and is woken when there is more; nothing is buffered for it.
 */
export class EventLog {
  /** Rings after each commit that changed a decision. */
  readonly decisionNotifier = new Notifier()
  readonly #store: EventStore
  readonly #sessions = new Map<string, CachedSession>()
  #isClosed = false

  constructor(store: EventStore) {
    this.#store = store
  }

  /** How many sessions are held in memory, and how many readers wait for what comes next in one. */
  get stats(): { readonly sessions: number; readonly waiting: number } {
    let waiting = 0
    for (const { waiters } of this.#sessions.values()) waiting += waiters.size
    return { sessions: this.#sessions.size, waiting }
  }

  /** Commits, calls `onCommitted`, then shows what was committed. What throws has shown nothing. */
  async append(write: AppendRequest, onCommitted: () => void = () => undefined): Promise<void> {
    await this.#store.append(write)
    onCommitted()
    const session = this.#getOrCreateSession(write.sessionId)
    session.tail = trimTail([...session.tail, ...write.events])
    for (const wake of [...session.waiters]) wake()
    this.#evictIfIdle(write.sessionId)
    if (write.decisions?.length) this.decisionNotifier.notify()
  }

  /** The session is not there any more: whoever waits for its next event, or asks for it later, is told so. */
  markRemoved(sessionId: string): void {
    const session = this.#sessions.get(sessionId)
    if (!session) return
    session.tail = []
    session.isRemoved = true
    for (const wake of [...session.waiters]) wake()
    this.#evictIfIdle(sessionId)
  }

  /** None of the sessions is there any more. */
  close(): void {
    this.#isClosed = true
    for (const id of [...this.#sessions.keys()]) this.markRemoved(id)
    this.decisionNotifier.close()
  }

  /** The newest seq that memory knows of; 0 for a session in which nothing happens. */
  latestSeq(sessionId: string): number {
    return this.#sessions.get(sessionId)?.tail.at(-1)?.seq ?? 0
  }

  /** The next events of a session after a seq. */
  async read(range: EventRange): Promise<ChatEvent[]> {
    if (this.#isClosed) return []
    const tail = this.#sessions.get(range.sessionId)?.tail ?? []
    const first = tail[0]
    if (!first || first.seq > range.after + 1) return this.#store.readEvents(range)
    const start = range.after + 1 - first.seq
    return tail.slice(start, start + range.limit)
  }

  /**
   * Resolves when the log of a session that is kept here has, or may have, an event after `seq`; at once if it has one
   * already. Also when the signal aborts. False: the session is not there any more. It waits first and looks second: nothing can be
   * committed unseen in between.
   */
  async waitForMore(sessionId: string, seq: number, signal: AbortSignal): Promise<boolean> {
    const session = this.#getOrCreateSession(sessionId)
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    session.waiters.add(wake)
    signal.addEventListener('abort', wake)
    try {
      const headSeq = this.#isClosed ? null : await this.#loadHeadSeq(session, sessionId)
      if (headSeq === null) return false
      if (!signal.aborted && headSeq <= seq) await promise
      return !session.isRemoved
    } finally {
      session.waiters.delete(wake)
      signal.removeEventListener('abort', wake)
      this.#evictIfIdle(sessionId)
    }
  }

  async #loadHeadSeq({ tail }: CachedSession, sessionId: string): Promise<number | null> {
    return tail.at(-1)?.seq ?? this.#store.loadHeadSeq(sessionId)
  }

  #getOrCreateSession(id: string): CachedSession {
    let session = this.#sessions.get(id)
    if (!session) {
      session = { tail: [], waiters: new Set(), isRemoved: false }
      this.#sessions.set(id, session)
    }
    return session
  }

  /** Lets go of a session in which nothing happens and for which nobody waits. */
  #evictIfIdle(id: string): void {
    const session = this.#sessions.get(id)
    if (!session || session.waiters.size > 0) return
    const newest = session.tail.at(-1)
    if (!newest || idleEventTypes.has(newest.type)) this.#sessions.delete(id)
  }
}

/** The newest events, as many as may stay in memory. */
function trimTail(events: ChatEvent[]): ChatEvent[] {
  let codeUnits = 0
  let start = events.length
  while (start > 0 && events.length - start < tailLimits.events && codeUnits < tailLimits.units) {
    start -= 1
    const event = events[start]
    if (event) codeUnits += countEventCodeUnits(event)
  }
  return start === 0 ? events : events.slice(start)
}

/** About how much text an event holds; what a tool returned may be many times as long as anything else. */
function countEventCodeUnits(event: ChatEvent): number {
  if (isDelta(event)) return getDeltaText(event).length
  if (event.type === 'ToolCallChanged') return countToolCallCodeUnits(event.toolCall)
  if (event.type === 'ApprovalChanged') return countToolCallCodeUnits(event.decision.toolCall)
  if (event.type !== 'ClarificationChanged') return 0
  return countToolCallCodeUnits(event.decision.toolCall) + (event.decision.answer?.length ?? 0)
}

function countToolCallCodeUnits({ argumentsText, result }: ToolCall): number {
  return argumentsText.length + countJsonCodeUnits(result)
}

function countJsonCodeUnits(value: Json): number {
  if (typeof value === 'string') return value.length
  if (value === null || typeof value !== 'object') return 0
  return Object.values(value).reduce<number>((units, inner) => units + countJsonCodeUnits(inner), 0)
}
