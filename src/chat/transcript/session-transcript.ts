import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { PositionRange } from '../../storage/position-range.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import { findRepeatedMessageIds, isRepetitionPossible } from './find-repeated-messages.ts'

/** In one statement. */
const maxLoadedMessages = 1000

/** The place of a message in a transcript. */
export interface TranscriptKey {
  readonly sessionId: string
  readonly position: number
}

export interface SessionTranscriptOptions {
  readonly messageQueries: Pick<ProfileMessageReader, 'loadPage'>
  readonly eventStore: Pick<EventStore, 'findInheritedPositions'>
  /** The sessions that are read as one, oldest first: each continues the one before it, or is a retry in such a place. */
  readonly sessions: readonly SessionRecord[]
}

/** What a session repeats of those before it. */
interface RepeatedMessages {
  /** From the first to the last, both included. */
  readonly positions: PositionRange | null
  readonly ids: ReadonlySet<string>
}

/** What is compared: at the end of a session of Hermes, and at the beginning of the next one. */
const comparedBeginning = { after: null, before: null, limit: 200, backwards: false }

/**
 * What a person reads of a session: the messages of those that it continues, and its own, each once. A retry begins with
 * copies of what was said before it, and Hermes begins a session with copies of the last one's messages around a summary:
 * these are left out. A page reads one page of each session that it touches, and of Hermes' up to three more. Nothing is read
 * of sessions before those.
 */
export class SessionTranscript {
  readonly #options: SessionTranscriptOptions
  readonly #repeated = new Map<number, Promise<RepeatedMessages>>()

  constructor(options: SessionTranscriptOptions) {
    this.#options = options
  }

  /** A page, oldest first. A key of another session is before everything. */
  async loadPage({ after, before, limit, backwards }: PageRequest<TranscriptKey>): Promise<MessageRecord[]> {
    const { sessions } = this.#options
    const first = after ? this.#indexOf(after) : 0
    const last = before ? this.#indexOf(before) : sessions.length - 1
    const messages: MessageRecord[] = []
    for (let count = 0; count <= last - first && messages.length < limit; count += 1) {
      const index = backwards ? last - count : first + count
      const page = {
        after: after && index === first ? after.position : null,
        before: before && index === last ? before.position : null,
        limit: limit - messages.length,
        backwards,
      }
      const found = await this.#loadSessionPage(index, page)
      messages.splice(backwards ? 0 : messages.length, 0, ...found)
    }
    return messages
  }

  /** Whether a session is among those that are read as one. */
  hasSession(sessionId: string): boolean {
    return this.#options.sessions.some(({ id }) => id === sessionId)
  }

  #indexOf({ sessionId }: TranscriptKey): number {
    return this.#options.sessions.findIndex(({ id }) => id === sessionId)
  }

  /** A page of a session's messages without those that it repeats. */
  async #loadSessionPage(index: number, page: PageRequest<number>): Promise<MessageRecord[]> {
    const session = this.#options.sessions[index]
    if (!session) return []
    const { positions, ids } = await this.#loadRepeated(index, session)
    if (!positions) return this.#loadShown(session, page, ids)
    const ranges = [
      { ...page, before: Math.min(page.before ?? positions.first, positions.first) },
      { ...page, after: Math.max(page.after ?? positions.last, positions.last) },
    ]
    const shown: MessageRecord[] = []
    for (const range of page.backwards ? ranges.toReversed() : ranges) {
      const limit = page.limit - shown.length
      const isEmpty = range.after !== null && range.before !== null && range.after >= range.before
      if (limit === 0 || isEmpty) continue
      const found = await this.#loadShown(session, { ...range, limit }, ids)
      shown.splice(page.backwards ? 0 : shown.length, 0, ...found)
    }
    return shown
  }

  /** A page without the messages with these ids, which do not make it shorter. */
  async #loadShown(
    session: SessionRecord,
    page: PageRequest<number>,
    hiddenIds: ReadonlySet<string>,
  ): Promise<MessageRecord[]> {
    let { after, before } = page
    const limit = Math.min(page.limit + hiddenIds.size, maxLoadedMessages)
    const shown: MessageRecord[] = []
    for (;;) {
      const loaded = await this.#options.messageQueries.loadPage(session, { ...page, after, before, limit })
      const found = loaded.filter(({ id }) => !hiddenIds.has(id))
      shown.splice(page.backwards ? 0 : shown.length, 0, ...found)
      if (loaded.length < limit || shown.length >= page.limit) break
      if (page.backwards) before = loaded[0]?.position ?? null
      else after = loaded.at(-1)?.position ?? null
    }
    return page.backwards ? shown.slice(-page.limit) : shown.slice(0, page.limit)
  }

  #loadRepeated(index: number, session: SessionRecord): Promise<RepeatedMessages> {
    const repeated = this.#repeated.get(index) ?? this.#findRepeated(index, session)
    this.#repeated.set(index, repeated)
    return repeated
  }

  async #findRepeated(index: number, session: SessionRecord): Promise<RepeatedMessages> {
    const { sessions, eventStore, messageQueries } = this.#options
    const ids = new Set<string>()
    if (index === 0) return { positions: null, ids }
    if (session.retryOf !== null) {
      const earlierIds = sessions.slice(0, index).map(({ id }) => id)
      return { positions: await eventStore.findInheritedPositions(session.id, earlierIds), ids }
    }
    if (session.origin === 'SEGUE') return { positions: null, ids }
    const beginning = await messageQueries.loadPage(session, comparedBeginning)
    const previous = isRepetitionPossible(beginning) ? await this.#findPrevious(index) : null
    if (!previous) return { positions: null, ids }
    const previousEnd = await messageQueries.loadPage(previous.session, { ...comparedBeginning, backwards: true })
    const previousBeginning = previous.beginning
    return { positions: null, ids: findRepeatedMessageIds({ beginning, previousBeginning, previousEnd }) }
  }

  /** The nearest session before this one that has messages. */
  async #findPrevious(index: number): Promise<{ session: SessionRecord; beginning: readonly MessageRecord[] } | null> {
    const { sessions, messageQueries } = this.#options
    for (const session of sessions.slice(0, index).toReversed()) {
      const beginning = await messageQueries.loadPage(session, comparedBeginning)
      if (beginning.length > 0) return { session, beginning }
    }
    return null
  }
}
