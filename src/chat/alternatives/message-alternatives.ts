import { cutList, isCutList, markAsCut } from '../../lib/lists/cut-list.ts'
import { parseIdKind } from '../../lib/ids.ts'
import { findOriginalId, type MessageRecord } from '../../model/message.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { TurnMessage, TurnMessagesQuery } from '../../storage/sessions/turn-message.ts'
import type { ForeignAnswers } from '../context/streaming/foreign-answers.ts'
import type { StreamingAnswerLookup } from '../context/streaming/streaming-answer-lookup.ts'
import { type HermesTurn, readHermesTurns } from './hermes-turns.ts'

export interface MessageAlternativesOptions {
  readonly eventStore: Pick<
    EventStore,
    'findTurnMessages' | 'findOldestCopiesOfHermesTurns' | 'listRetriedHermesTurnIds'
  >
  readonly sessions: Pick<CombinedSessionRepository, 'findMany' | 'findMessages' | 'listMessages'>
  readonly streamingAnswers: Pick<StreamingAnswerLookup, 'listStreamingMessages'>
  /** What streams in other processes, as of now. Null where a home belongs to one process. */
  readonly openForeignAnswers: () => Pick<ForeignAnswers, 'listMessagesOfTurns'> | null
}

/** A message in one try of a turn. */
type Alternative = Pick<TurnMessage, 'id' | 'createdAt' | 'copyOf'>

const maxAlternatives = 100

/**
 * Finds what stands in the place of messages in other tries of their turns. A message and its copies are one alternative. The
 * number of statements does not depend on the number of messages, except that each turn of Hermes that was tried again is
 * read by itself.
 */
export class MessageAlternatives {
  readonly #options: MessageAlternativesOptions

  constructor(options: MessageAlternativesOptions) {
    this.#options = options
  }

  /** The ids of each message's alternatives, itself included, oldest first: at most the newest 100. */
  async findIds(messages: readonly MessageRecord[]): Promise<Map<string, readonly string[]>> {
    const queries = new Map<string, TurnMessagesQuery>()
    const retriedHermesTurns = await this.#findRetriedHermesTurns(messages)
    for (const message of messages) {
      const turnId = message.turnId ?? retriedHermesTurns.get(message.id)
      if (turnId !== undefined) queries.set(message.id, { turnId, role: message.role })
    }
    const alternatives = await this.#findByQuery([...queries.values()])
    return new Map(
      messages.map((message) => {
        const query = queries.get(message.id)
        return [message.id, composeIds(message, (query && alternatives.get(toKey(query))) ?? [])]
      }),
    )
  }

  async #findByQuery(queries: readonly TurnMessagesQuery[]): Promise<Map<string, readonly Alternative[]>> {
    const unique = [...new Map(queries.map((query) => [toKey(query), query])).values()]
    if (unique.length === 0) return new Map()
    const found = await this.#findStoredAndStreaming(unique)
    const retriedQueries = unique.filter((query) => isHermesId(query.turnId) && found.has(toKey(query)))
    const hermesTurns = await this.#readHermesTurns(retriedQueries.map(({ turnId }) => turnId))
    const alternatives = new Map<string, readonly Alternative[]>(found)
    for (const query of retriedQueries) {
      const turn = hermesTurns.get(query.turnId)
      const first = query.role === 'USER' ? turn?.userMessage : turn?.answer
      if (first) alternatives.set(toKey(query), [first, ...(found.get(toKey(query)) ?? [])])
    }
    const removedTurns = retriedQueries.filter(({ turnId }) => !hermesTurns.has(turnId))
    for (const standIn of await this.#findStandIns(removedTurns)) {
      alternatives.set(toKey(standIn), [standIn, ...(found.get(toKey(standIn)) ?? [])])
    }
    return alternatives
  }

  /** By query. */
  async #findStoredAndStreaming(
    queries: readonly TurnMessagesQuery[],
  ): Promise<Map<string, (Alternative & TurnMessagesQuery)[]>> {
    const { eventStore, streamingAnswers, openForeignAnswers } = this.#options
    const turnIds = new Set(queries.map(({ turnId }) => turnId))
    // Before what is stored is read: an answer that ends meanwhile is found then, maybe twice.
    const streaming = [
      ...streamingAnswers.listStreamingMessages(),
      ...((await openForeignAnswers()?.listMessagesOfTurns(turnIds)) ?? []),
    ]
    const messages = new Map<string, Alternative & TurnMessagesQuery>()
    for (const { id, role, createdAt, turnId } of streaming)
      if (turnId !== undefined) messages.set(id, { id, role, createdAt, turnId })
    for (const message of await eventStore.findTurnMessages(queries)) messages.set(message.id, message)
    return Map.groupBy(messages.values(), toKey)
  }

  /** Copies that stand in for what Hermes has removed. */
  async #findStandIns(queries: readonly TurnMessagesQuery[]): Promise<readonly TurnMessage[]> {
    return queries.length === 0 ? [] : await this.#options.eventStore.findOldestCopiesOfHermesTurns(queries)
  }

  /** By message: the turn of those messages of Hermes whose turn was tried again. */
  async #findRetriedHermesTurns(messages: readonly MessageRecord[]): Promise<Map<string, string>> {
    const { eventStore, sessions } = this.#options
    const turnIds = new Map<string, string>()
    const hermesMessages = messages.filter(({ id, turnId }) => turnId === undefined && isHermesId(id))
    for (const [sessionId, page] of Map.groupBy(hermesMessages, (message) => message.sessionId)) {
      const retriedIds = await eventStore.listRetriedHermesTurnIds(sessionId)
      if (retriedIds.length === 0) continue
      const userMessages = await sessions.findMessages(retriedIds)
      const nearestIds = page.flatMap((message) => findNearestTurn(message, userMessages)?.id ?? [])
      for (const [turnId, { userMessage, answer }] of await this.#readHermesTurns(nearestIds)) {
        for (const each of [userMessage, answer]) if (each) turnIds.set(each.id, turnId)
      }
    }
    return turnIds
  }

  #readHermesTurns(turnIds: readonly string[]): Promise<Map<string, HermesTurn>> {
    const { sessions } = this.#options
    return readHermesTurns([...new Set(turnIds)], {
      findMessages: (ids) => sessions.findMessages(ids),
      findSessions: (ids) => sessions.findMany(ids),
      listMessages: (session, page) => sessions.listMessages(session, page),
    })
  }
}

/** The ids of a message's alternatives, with the message itself in the place of its original or another copy. */
function composeIds(message: MessageRecord, found: readonly Alternative[]): readonly string[] {
  const originalId = findOriginalId(message)
  const others = found.filter((each) => each.id !== message.id && findOriginalId(each) !== originalId)
  const newest = cutList(others.toSorted(compareByAge), maxAlternatives - 1, 'last')
  const ids = [...newest, message].toSorted(compareByAge).map(({ id }) => id)
  return isCutList(newest) ? markAsCut(ids) : ids
}

function compareByAge(a: Alternative, b: Alternative): number {
  return a.createdAt - b.createdAt || (findOriginalId(a) < findOriginalId(b) ? -1 : 1)
}

function findNearestTurn({ position }: MessageRecord, userMessages: readonly MessageRecord[]): MessageRecord | null {
  const before = userMessages.filter((each) => (each.position ?? 0) <= (position ?? 0))
  return before.reduce<MessageRecord | null>(
    (nearest, each) => ((each.position ?? 0) > (nearest?.position ?? -1) ? each : nearest),
    null,
  )
}

function toKey({ turnId, role }: TurnMessagesQuery): string {
  return `${role} ${turnId}`
}

function isHermesId(messageId: string): boolean {
  return parseIdKind(messageId) !== 'message'
}
