import DataLoader from 'dataloader'
import { parseIdKind } from '../../../lib/ids.ts'
import { chunkArray } from '../../../lib/chunk-array.ts'
import type { ChatEvent } from '../../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { AppendRequest, EventRange, EventStore } from '../../event-store.ts'
import type { IdempotencyKeyRecord } from '../../idempotency-key.ts'
import type { PositionRange } from '../../position-range.ts'
import type { ConversationSettingsUpdate } from '../../sessions/conversation-settings.ts'
import type { SessionWithInitialMessages } from '../../sessions/session-writer.ts'
import type { TurnMessage, TurnMessagesQuery } from '../../sessions/turn-message.ts'
import { approvalRulesTopic, type PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { findUnreferencedBlobs } from '../tables/blob-reference-table.ts'
import { findContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { deleteEvents, readEventPage, replaceEvent } from '../tables/event-table.ts'
import { insertIdempotencyKey } from '../tables/idempotency-key-table.ts'
import { listSteeredMessages, listUnplacedWithdrawnMessages } from '../tables/message-table.ts'
import { findContinuation, findOldestRetries } from '../tables/retries/session-place.ts'
import * as turnMessages from '../tables/retries/turn-message-table.ts'
import { loadHeadSeqs } from '../tables/session-table.ts'
import {
  claimOrphanedStreams,
  findActiveStream,
  findStreams,
  listOwnStreamIds,
  listUnfinishedStreams,
} from '../tables/stream-table.ts'
import { insertSessionWithMessages, writeConversationSettings } from './append.ts'
import { appendOnce } from './append-once.ts'
import { deleteSessions } from './delete-sessions.ts'

/** Events that one transaction deletes, so that other work is not delayed. */
const deleteBatchSize = 500

/** The event store of a profile in PostgreSQL. */
export class PostgresEventStore implements EventStore {
  readonly #database: PostgresProfileDatabase
  /** Many readers look at the same moment whether their sessions have more. */
  readonly #headSeqs = new DataLoader((ids: readonly string[]) => loadHeadSeqs(this.#database, ids), {
    cache: false,
    maxBatchSize: 1_000,
  })

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async createSession(request: SessionWithInitialMessages): Promise<void> {
    await this.#database.write((transaction) => insertSessionWithMessages(transaction, request))
  }

  append(request: AppendRequest): Promise<void> {
    return this.appendAll([request])
  }

  async appendAll(requests: readonly AppendRequest[]): Promise<void> {
    await appendOnce(this.#database, requests)
    for (const { sessionId } of requests) this.#database.publish(sessionId)
    if (requests.some(({ approvalRules = [] }) => approvalRules.length > 0)) this.#database.publish(approvalRulesTopic)
    if (requests.some(({ decisions = [] }) => decisions.length > 0)) this.#database.changes.decisions.notify()
  }

  async updateConversationSettings(
    update: ConversationSettingsUpdate,
    idempotencyKey: IdempotencyKeyRecord | null = null,
  ): Promise<void> {
    await this.#database.write(async (transaction) => {
      await writeConversationSettings(transaction, update)
      if (idempotencyKey) await insertIdempotencyKey(transaction, idempotencyKey)
    })
  }

  async deleteSessions(ids: readonly string[], idempotencyKey: IdempotencyKeyRecord | null = null): Promise<string[]> {
    const hashes = await this.#database.write(async (transaction) => {
      const deleted = await deleteSessions(transaction, ids)
      if (idempotencyKey) await insertIdempotencyKey(transaction, idempotencyKey)
      return deleted
    })
    for (const id of ids) this.#database.publish(id)
    return this.findUnreferencedBlobs(hashes)
  }

  loadHeadSeq(sessionId: string): Promise<number | null> {
    return this.#headSeqs.load(sessionId)
  }

  onForeignAppend(listener: (sessionId: string | null) => void): void {
    this.#database.onChanged((topic) => {
      if (topic === null || parseIdKind(topic) === 'session') listener(topic)
    })
  }

  readEvents(range: EventRange): Promise<ChatEvent[]> {
    return readEventPage(this.#database, range)
  }

  async replaceEvent(event: ChatEvent): Promise<void> {
    await this.#database.write((transaction) => replaceEvent(transaction, event))
  }

  async deleteEvents(sessionId: string, seqs: readonly number[]): Promise<void> {
    const descending = seqs.toSorted((a, b) => b - a)
    for (const batch of chunkArray(descending, deleteBatchSize)) {
      await this.#database.write((transaction) => deleteEvents(transaction, sessionId, batch))
    }
  }

  findStreams(ids: readonly string[]): Promise<StreamRecord[]> {
    return findStreams(this.#database, ids)
  }

  listOwnStreamIds(ids: readonly string[]): Promise<string[]> {
    return listOwnStreamIds(this.#database, ids)
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    const [stream] = await findStreams(this.#database, [id])
    return stream ?? null
  }

  findActiveStream(sessionId: string): Promise<StreamRecord | null> {
    return findActiveStream(this.#database, sessionId)
  }

  listUnfinishedStreams(): Promise<StreamRecord[]> {
    return listUnfinishedStreams(this.#database)
  }

  claimOrphanedStreams(): Promise<StreamRecord[]> {
    return claimOrphanedStreams(this.#database)
  }

  listUnplacedWithdrawnMessages(sessionId: string): Promise<MessageRecord[]> {
    return listUnplacedWithdrawnMessages(this.#database, sessionId)
  }

  listSteeredMessages(streamIds: readonly string[]): Promise<MessageRecord[]> {
    return listSteeredMessages(this.#database, streamIds)
  }

  findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null> {
    return findContextCheckpoint(this.#database, sessionId)
  }

  findContinuation(sessionId: string): Promise<SessionRecord | null> {
    return findContinuation(this.#database, sessionId)
  }

  findOldestRetries(placeIds: readonly string[]): Promise<SessionRecord[]> {
    return findOldestRetries(this.#database, placeIds)
  }

  findTurnMessages(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]> {
    return turnMessages.findTurnMessages(this.#database, queries)
  }

  findOldestCopiesOfHermesTurns(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]> {
    return turnMessages.findOldestCopiesOfHermesTurns(this.#database, queries)
  }

  listRetriedHermesTurnIds(sessionId: string): Promise<string[]> {
    return turnMessages.listRetriedHermesTurnIds(this.#database, sessionId)
  }

  findInheritedPositions(sessionId: string, earlierSessionIds: readonly string[]): Promise<PositionRange | null> {
    return turnMessages.findInheritedPositions(this.#database, sessionId, earlierSessionIds)
  }

  findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]> {
    return findUnreferencedBlobs(this.#database, [...new Set(hashes)])
  }
}
