import * as turnMessageRows from './tables/retries/turn-message-table.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { chunkArray } from '../../lib/chunk-array.ts'
import { createIdNotFoundError } from '../../lib/errors.ts'
import { listEventBlobHashes } from '../../model/message-content/blob-url.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { LogVersionConflictError } from '../errors.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'
import type { AppendRequest, EventRange, EventStore } from '../event-store.ts'
import type { ConversationSettingsUpdate } from '../sessions/conversation-settings.ts'
import type { SessionWithInitialMessages } from '../sessions/session-writer.ts'
import type { TurnMessage, TurnMessagesQuery } from '../sessions/turn-message.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'
import {
  deleteUnusedBlobReference,
  findUnreferencedBlobs,
  insertBlobReference,
  listBlobHashesOfSessions,
} from './tables/blob-reference-table.ts'
import { lookUpInBatches } from './look-up-in-batches.ts'
import { deleteQueuedRows, deleteSessionRows } from './deletion/delete-queued-rows.ts'
import { ConversationSettingsTable } from './conversation-settings/conversation-settings-table.ts'
import { findContextCheckpoint, upsertContextCheckpoint } from './tables/context-checkpoint-table.ts'
import { upsertDecision } from './tables/decision-table.ts'
import { type EventRow, eventToRow } from '../rows/event-row.ts'
import { insertEvent, readEventPage } from './tables/event-table.ts'
import { insertApprovalRule, moveApprovalRules } from './tables/approval-rule-table.ts'
import { insertIdempotencyKey, insertIdempotencyKeyIfAbsent } from './tables/idempotency-key-table.ts'
import { listSteeredMessages, listUnplacedWithdrawnMessages, upsertMessage } from './tables/message-table.ts'
import { advanceHeadSeq, insertSession, recordAnswerEnd, updateMessageCounts } from './tables/session-table.ts'
import { toStoredSessionId } from '../rows/session-row.ts'
import { findContinuation, findCurrentPlace, findOldestRetries } from './tables/retries/session-place.ts'
import type { PositionRange } from '../position-range.ts'
import { patchSession } from './sessions/patch-session.ts'
import { addToUsageSums, countUsage } from './tables/usage-sum-table.ts'
import * as streamRows from './tables/stream-table.ts'

/** So many appends of deltas in one transaction write about as much as one alone. */
const appendsPerWrite = 4
/** Events that one transaction deletes, so that other work is not delayed. */
const deleteBatchSize = 500

/** The event store in a profile's database. */
export class SqliteEventStore implements EventStore {
  readonly #database: SegueProfileDatabase
  /** A home belongs to one process. */
  readonly onForeignAppend = (): void => undefined

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async createSession(request: SessionWithInitialMessages): Promise<void> {
    await this.#database.write(() => this.#insertSession(request))
  }

  append(request: AppendRequest): Promise<void> {
    return this.appendAll([request])
  }

  async appendAll(requests: readonly AppendRequest[]): Promise<void> {
    // If the file was replaced, readers still receive the ends of their streams.
    const evenIfReplaced = requests.every(({ events }) => events.some(({ type }) => type === 'StreamFinished'))
    await this.#database.write(
      () => {
        for (const request of requests) this.#write(request)
      },
      { evenIfReplaced, writes: Math.ceil(requests.length / appendsPerWrite) },
    )
    if (requests.some(({ decisions = [] }) => decisions.length > 0)) this.#database.changes.decisions.notify()
  }

  /** The files of an answer are referred to before the answer has a row, so that a long one does not lose them. */
  #insertEvent(event: ChatEvent): void {
    insertEvent(this.#database, event)
    for (const hash of listEventBlobHashes(event)) insertBlobReference(this.#database, hash, event.sessionId)
  }

  async updateConversationSettings(
    update: ConversationSettingsUpdate,
    idempotencyKey: IdempotencyKeyRecord | null = null,
  ): Promise<void> {
    await this.#database.write(() => {
      this.#updateConversationSettings(update)
      if (idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
    })
  }

  async deleteSessions(ids: readonly string[], idempotencyKey: IdempotencyKeyRecord | null = null): Promise<string[]> {
    const hashes = await lookUpInBatches(ids, (batch) => listBlobHashesOfSessions(this.#database, batch))
    const hasRowsLeft = await this.#database.write(() => {
      deleteSessionRows(this.#database, ids)
      if (idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
      return deleteQueuedRows(this.#database)
    })
    if (hasRowsLeft) this.#database.reportQueuedRows()
    return this.findUnreferencedBlobs([...new Set(hashes)])
  }

  async loadHeadSeq(sessionId: string): Promise<number | null> {
    const row = this.#database
      .prepare<[string], { head_seq: number }>('SELECT head_seq FROM sessions WHERE id = ?')
      .get(sessionId)
    return row?.head_seq ?? null
  }

  async readEvents(range: EventRange): Promise<ChatEvent[]> {
    return readEventPage(this.#database, range)
  }

  findStreams(ids: readonly string[]): Promise<StreamRecord[]> {
    return lookUpInBatches(ids, (batch) => streamRows.findStreams(this.#database, batch))
  }

  async listOwnStreamIds(ids: readonly string[]): Promise<string[]> {
    const streams = await this.findStreams(ids)
    return streams.flatMap(({ id, finishedAt }) => (finishedAt === null ? id : []))
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    return streamRows.findStream(this.#database, id)
  }

  async findContinuation(sessionId: string): Promise<SessionRecord | null> {
    return findContinuation(this.#database, sessionId, this.#database.profile)
  }

  findOldestRetries(placeIds: readonly string[]): Promise<SessionRecord[]> {
    return lookUpInBatches(placeIds, (batch) => findOldestRetries(this.#database, batch, this.#database.profile))
  }

  findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]> {
    return lookUpInBatches(hashes, (batch) => findUnreferencedBlobs(this.#database, batch))
  }

  listSteeredMessages(streamIds: readonly string[]): Promise<MessageRecord[]> {
    return lookUpInBatches(streamIds, (batch) => listSteeredMessages(this.#database, batch))
  }

  async findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null> {
    return findContextCheckpoint(this.#database, sessionId)
  }

  findTurnMessages(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]> {
    return lookUpInBatches(queries, (batch) => turnMessageRows.findTurnMessages(this.#database, batch))
  }

  findOldestCopiesOfHermesTurns(queries: readonly TurnMessagesQuery[]): Promise<TurnMessage[]> {
    return lookUpInBatches(queries, (batch) => turnMessageRows.findOldestCopiesOfHermesTurns(this.#database, batch))
  }

  async listRetriedHermesTurnIds(sessionId: string): Promise<string[]> {
    return turnMessageRows.listRetriedHermesTurnIds(this.#database, sessionId)
  }

  async findInheritedPositions(sessionId: string, earlierSessionIds: readonly string[]): Promise<PositionRange | null> {
    return turnMessageRows.findInheritedPositions(this.#database, sessionId, earlierSessionIds)
  }

  async findActiveStream(sessionId: string): Promise<StreamRecord | null> {
    return streamRows.findActiveStream(this.#database, sessionId)
  }

  claimOrphanedStreams = (): Promise<StreamRecord[]> => this.listUnfinishedStreams()

  async listUnfinishedStreams(): Promise<StreamRecord[]> {
    return streamRows.listUnfinishedStreams(this.#database)
  }

  async listUnplacedWithdrawnMessages(sessionId: string): Promise<MessageRecord[]> {
    return listUnplacedWithdrawnMessages(this.#database, sessionId)
  }

  async replaceEvent(event: ChatEvent): Promise<void> {
    await this.#database.write(() => {
      this.#database
        .prepare<[EventRow]>(
          'UPDATE events SET at = :at, version = :version, body = :body WHERE session_id = :session_id AND seq = :seq',
        )
        .run(eventToRow(event))
    })
  }

  async deleteEvents(sessionId: string, seqs: readonly number[]): Promise<void> {
    const descending = seqs.toSorted((a, b) => b - a)
    for (const [index, batch] of chunkArray(descending, deleteBatchSize).entries()) {
      if (index > 0) await yieldToEventLoop()
      await this.#database.write(() => {
        this.#database
          .prepare<[string, string]>(
            'DELETE FROM events WHERE session_id = ? AND seq IN (SELECT value FROM json_each(?))',
          )
          .run(sessionId, JSON.stringify(batch))
      })
    }
  }

  #write(request: AppendRequest): void {
    const { continuation, newSession, fences = [], checkpoint, additionalUsage, sessionPatch, readAt } = request
    // Before this session ends, the one that continues it exists.
    if (continuation) this.#insertSession(continuation)
    if (newSession) insertSession(this.#database, findCurrentPlace(this.#database, newSession))
    this.#advanceHead(request)
    for (const fence of fences) streamRows.applyFence(this.#database, fence)
    for (const event of request.events) this.#insertEvent(event)
    for (const stream of request.streams ?? []) {
      streamRows.upsertStream(this.#database, stream)
      recordAnswerEnd(this.#database, stream)
    }
    if (request.queuedStreamIds) streamRows.updateQueueOrder(this.#database, request.queuedStreamIds)
    for (const message of request.messages ?? []) upsertMessage(this.#database, message)
    for (const hash of request.releasedBlobs ?? []) deleteUnusedBlobReference(this.#database, hash, request.sessionId)
    for (const decision of request.decisions ?? []) upsertDecision(this.#database, decision)
    for (const rule of request.approvalRules ?? []) insertApprovalRule(this.#database, rule)
    if (checkpoint) upsertContextCheckpoint(this.#database, checkpoint)
    if (additionalUsage)
      countUsage(this.#database, { ...additionalUsage, sessionId: request.sessionId, isAnswer: false })
    if (sessionPatch) patchSession(this.#database, this.#database.profile, request.sessionId, sessionPatch)
    if (request.conversationSettings) this.#updateConversationSettings(request.conversationSettings)
    if (readAt !== undefined) this.#updateConversationSettings({ sessionIds: [request.sessionId], patch: { readAt } })
    if (request.newKey) insertIdempotencyKey(this.#database, request.newKey)
    for (const key of request.idempotencyKeys ?? []) insertIdempotencyKeyIfAbsent(this.#database, key)
  }

  #updateConversationSettings({ sessionIds, patch }: ConversationSettingsUpdate): void {
    const storedIds = sessionIds.map((id) => toStoredSessionId(id, this.#database.profile))
    new ConversationSettingsTable(this.#database).update({ sessionIds: storedIds, patch })
  }

  #insertSession(request: SessionWithInitialMessages): void {
    const { session, messages, checkpoint, idempotencyKey, moveApprovalRulesFrom } = request
    insertSession(this.#database, session)
    for (const message of messages) upsertMessage(this.#database, message)
    if (messages.length > 0) updateMessageCounts(this.#database, [session.id])
    this.#countInitialUsage(session, messages)
    if (checkpoint) upsertContextCheckpoint(this.#database, checkpoint)
    if (moveApprovalRulesFrom !== undefined) moveApprovalRules(this.#database, moveApprovalRulesFrom, session.id)
    if (idempotencyKey) insertIdempotencyKey(this.#database, idempotencyKey)
  }

  /** A session that continues another one begins with the usage of its summary. */
  #countInitialUsage({ id: sessionId, usage, startedAt: at }: SessionRecord, messages: readonly MessageRecord[]): void {
    const model = messages.find(({ summary }) => summary)?.model ?? null
    if (model !== null) addToUsageSums(this.#database, { sessionId, model, at, usage, isAnswer: false })
  }

  /** Updates the session's counters if its log ends where the writer expects. */
  #advanceHead(request: AppendRequest): void {
    const { sessionId, expectedHeadSeq, events, messages = [], streams = [], activityAt = 0, contextSize } = request
    const newlyPositioned = messages.filter((message) => message.position !== null && !this.#hasPosition(message.id))
    const isUpdated = advanceHeadSeq(this.#database, {
      sessionId,
      expectedHeadSeq,
      headSeq: expectedHeadSeq + events.length,
      addedMessages: newlyPositioned.length,
      activityAt,
      contextSize,
    })
    if (!isUpdated && !this.#hasSession(sessionId)) throw createIdNotFoundError('session', sessionId)
    if (!isUpdated) throw new LogVersionConflictError(`The log of ${sessionId} does not end at ${expectedHeadSeq}.`)
    for (const { finishedAt, usage, model } of streams) {
      if (finishedAt !== null) countUsage(this.#database, { sessionId, usage, model, at: finishedAt, isAnswer: true })
    }
  }

  #hasSession(sessionId: string): boolean {
    return this.#database.prepare<[string]>('SELECT 1 FROM sessions WHERE id = ?').get(sessionId) !== undefined
  }

  #hasPosition(messageId: string): boolean {
    const row = this.#database
      .prepare<[string], { position: number | null }>('SELECT position FROM messages WHERE id = ?')
      .get(messageId)
    return typeof row?.position === 'number'
  }
}
