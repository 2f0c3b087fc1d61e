import { createIdNotFoundError } from '../../../lib/errors.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import { LogVersionConflictError } from '../../errors.ts'
import type { AppendRequest } from '../../event-store.ts'
import type { CountedUsage } from '../../rows/usage-sum-row.ts'
import { toStoredSessionId } from '../../rows/session-row.ts'
import type { ConversationSettingsUpdate } from '../../sessions/conversation-settings.ts'
import type { SessionWithInitialMessages } from '../../sessions/session-writer.ts'
import type { PostgresTransaction } from '../database/postgres-statement.ts'
import { insertApprovalRules, moveApprovalRules } from '../tables/approval-rule-table.ts'
import { deleteUnusedBlobReferences } from '../tables/blob-reference-table.ts'
import { upsertContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { updateConversationSettings } from '../tables/conversation-settings-table.ts'
import { upsertDecisions } from '../tables/decision-table.ts'
import { insertEvents } from '../tables/event-table.ts'
import { insertIdempotencyKey, insertIdempotencyKeysIfAbsent } from '../tables/idempotency-key-table.ts'
import { findNewlyPositioned, upsertMessages } from '../tables/message-table.ts'
import { findCurrentPlace, hasSession } from '../tables/retries/session-place.ts'
import { assertNotForeign } from '../processes/session-claim-table.ts'
import {
  advanceHeadSeqs,
  insertSession,
  lockSessions,
  patchSession,
  recordAnswerEnd,
  updateMessageCount,
} from '../tables/session-table.ts'
import { applyFences, assertNoForeignStreamSince, updateQueueOrder, upsertStreams } from '../tables/stream-table.ts'
import { addToUsageSums, countUsage } from '../tables/usage-sum-table.ts'

/** Writes what requests for different sessions contain. What all of them have is written by one statement for all. */
export async function writeAppends(tx: PostgresTransaction, requests: readonly AppendRequest[]): Promise<void> {
  for (const { continuation, newSession } of requests) {
    // Before a session ends, the one that continues it exists.
    if (continuation) await insertSessionWithMessages(tx, continuation)
    if (newSession) await insertSession(tx, await findCurrentPlace(tx, newSession))
  }
  await advanceHeads(tx, requests)
  // Whoever ends an answer, and queues what was to join it, is known by its fence.
  const starting = requests.filter(
    ({ events, fences = [] }) => fences.length === 0 && events.some(({ type }) => type === 'StreamStarted'),
  )
  const startingIds = starting.map(({ sessionId }) => sessionId)
  await assertNotForeign(tx, startingIds)
  for (const { sessionId, continuation, expectedHeadSeq, composedAtSeq = expectedHeadSeq } of requests)
    if (continuation) await assertNoForeignStreamSince(tx, sessionId, composedAtSeq)
  const fences = requests.flatMap((request) => request.fences ?? [])
  await applyFences(tx, fences)
  const events = requests.flatMap((request) => request.events)
  await insertEvents(tx, events)
  const streams = requests.flatMap((request) => request.streams ?? [])
  await upsertStreams(tx, streams)
  for (const stream of streams) await recordAnswerEnd(tx, stream)
  const messages = requests.flatMap((request) => request.messages ?? [])
  await upsertMessages(tx, messages)
  const decisions = requests.flatMap((request) => request.decisions ?? [])
  await upsertDecisions(tx, decisions)
  const approvalRules = requests.flatMap((request) => request.approvalRules ?? [])
  await insertApprovalRules(tx, approvalRules)
  for (const request of requests) await writeChanges(tx, request)
  const counted = requests.flatMap(listCountedUsage)
  await countUsage(tx, counted)
  for (const { newKey } of requests) if (newKey) await insertIdempotencyKey(tx, newKey)
  const idempotencyKeys = requests.flatMap((request) => request.idempotencyKeys ?? [])
  await insertIdempotencyKeysIfAbsent(tx, idempotencyKeys)
}

/** Writes what few requests have. */
async function writeChanges(tx: PostgresTransaction, request: AppendRequest): Promise<void> {
  const { sessionId, queuedStreamIds, releasedBlobs = [], checkpoint, sessionPatch, readAt } = request
  if (queuedStreamIds) await updateQueueOrder(tx, queuedStreamIds)
  await deleteUnusedBlobReferences(tx, sessionId, releasedBlobs)
  if (checkpoint) await upsertContextCheckpoint(tx, checkpoint)
  if (sessionPatch) await patchSession(tx, sessionId, sessionPatch)
  if (request.conversationSettings) await writeConversationSettings(tx, request.conversationSettings)
  if (readAt !== undefined) await writeConversationSettings(tx, { sessionIds: [sessionId], patch: { readAt } })
}

/** Sets what the patch contains for sessions of either origin. */
export async function writeConversationSettings(
  tx: PostgresTransaction,
  { sessionIds, patch }: ConversationSettingsUpdate,
): Promise<void> {
  const storedIds = sessionIds.map((id) => toStoredSessionId(id, tx.profile))
  await updateConversationSettings(tx, { sessionIds: storedIds, patch })
}

/** Inserts a session and what it begins with. */
export async function insertSessionWithMessages(
  tx: PostgresTransaction,
  request: SessionWithInitialMessages,
): Promise<void> {
  const { session, messages, checkpoint, idempotencyKey, moveApprovalRulesFrom } = request
  await insertSession(tx, session)
  await upsertMessages(tx, messages)
  if (messages.length > 0) await updateMessageCount(tx, session.id)
  await addToUsageSums(tx, listInitialUsage(session, messages))
  if (checkpoint) await upsertContextCheckpoint(tx, checkpoint)
  if (moveApprovalRulesFrom !== undefined) await moveApprovalRules(tx, moveApprovalRulesFrom, session.id)
  if (idempotencyKey) await insertIdempotencyKey(tx, idempotencyKey)
}

/** A session that continues another one begins with the usage of its summary. */
function listInitialUsage(
  { id: sessionId, usage, startedAt: at }: SessionRecord,
  messages: readonly MessageRecord[],
): CountedUsage[] {
  const model = messages.find(({ summary }) => summary)?.model ?? null
  return model === null ? [] : [{ sessionId, model, at, usage, isAnswer: false }]
}

/** Updates the counters of sessions whose logs end where the writers expect, and locks their rows. */
async function advanceHeads(tx: PostgresTransaction, requests: readonly AppendRequest[]): Promise<void> {
  // The order of one UPDATE is not defined: two transactions with several sessions could wait for each other.
  if (requests.length > 1)
    await lockSessions(
      tx,
      requests.map(({ sessionId }) => sessionId),
    )
  const added = Map.groupBy(
    await findNewlyPositioned(
      tx,
      requests.flatMap(({ messages = [] }) => messages),
    ),
    ({ sessionId }) => sessionId,
  )
  const advances = requests.map(
    ({ sessionId, expectedHeadSeq, events, continuation, activityAt = 0, contextSize }) => ({
      sessionId,
      expectedHeadSeq,
      headSeq: expectedHeadSeq + events.length,
      addedMessages: added.get(sessionId)?.length ?? 0,
      activityAt,
      contextSize,
      needsOpenSession: continuation !== undefined || events.some(({ type }) => type === 'StreamStarted'),
    }),
  )
  const advancedIds = await advanceHeadSeqs(tx, advances)
  const refused = advances.find(({ sessionId }) => !advancedIds.has(sessionId))
  if (!refused) return
  if (!(await hasSession(tx, refused.sessionId))) throw createIdNotFoundError('session', refused.sessionId)
  throw new LogVersionConflictError(
    `The log of ${refused.sessionId} does not end at ${refused.expectedHeadSeq}, or the session has ended.`,
  )
}

/** What the streams that end, and titles and summaries, have used. */
function listCountedUsage({ sessionId, streams = [], additionalUsage }: AppendRequest): CountedUsage[] {
  const answers = streams.flatMap(({ finishedAt: at, usage, model }) =>
    at === null ? [] : [{ sessionId, usage, model, at, isAnswer: true }],
  )
  return additionalUsage ? [...answers, { ...additionalUsage, sessionId, isAnswer: false }] : answers
}
