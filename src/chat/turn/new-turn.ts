import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { type Budget, noUsage } from '../../model/usage.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { titleFromMessage } from './titles/derive-title.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'

/** A turn that is about to start. Neither its stream nor the user's message is stored yet. */
export interface NewTurn {
  readonly stream: StreamRecord
  readonly userMessage: MessageRecord
  readonly model: ResolvedModel
  /** The key of the call that starts the turn. */
  readonly idempotencyKey: IdempotencyKey | null
  /** The session to create together with its first turn, with the messages that it begins with; null if it exists. */
  readonly sessionToCreate: SessionWithInitialMessages | null
  /** The title for a session that has none; null if it has one. */
  readonly title: string | null
  /** What the answer may use, beside the budgets of the profile. Null: no limit. */
  readonly budget: Budget | null
}

/** The stream that answers a message: one of its own, or the one that it joined. */
export interface AcceptedStream extends StreamRecord {
  /** The seq of the event that tells that the message joined the stream. Left out: the stream is its own. */
  readonly joinedAtSeq?: number
}

/** What puts a turn into the queue: its stream, and the user's message, which has no place yet. */
export type QueuedTurn = Pick<NewTurn, 'stream' | 'userMessage'>

export interface BuildNewTurnRecordsOptions {
  /** The content of the user's message. */
  readonly parts: readonly MessagePart[]
  /** The session of the turn, or one to create together with it. */
  readonly session: SessionRecord | SessionWithInitialMessages
  readonly model: ResolvedModel
  /** The effort that it is asked for; null for its own default. */
  readonly effort: string | null
  readonly idempotencyKey: NewTurn['idempotencyKey']
  /** What the answer may use, beside the budgets of the profile. Default: no limit. */
  readonly budget?: Budget | null
  /** The turn that is tried again. Default: a new one. */
  readonly turnId?: string
  readonly runtime: ClockAndIds
}

/** Creates the rows that a turn starts with. They are not stored yet, and the message has no position. */
export function buildNewTurnRecords({
  parts,
  session: target,
  model,
  effort,
  idempotencyKey,
  budget = null,
  turnId,
  runtime,
}: BuildNewTurnRecordsOptions): NewTurn {
  const at = runtime.now()
  const sessionToCreate = 'session' in target ? target : null
  const session = 'session' in target ? target.session : target
  const sessionId = session.id
  const streamId = runtime.newId('stream')
  const messageId = runtime.newId('message')
  const userMessage: MessageRecord = {
    id: messageId,
    sessionId,
    position: null,
    withdrawn: false,
    role: 'USER',
    status: 'COMPLETE',
    parts,
    createdAt: at,
    streamId,
    model: null,
    usage: null,
    turnId: turnId ?? messageId,
  }
  const stream: StreamRecord = {
    id: streamId,
    sessionId,
    status: 'RUNNING',
    generation: 1,
    model: model.id,
    ...(effort !== null && { effort }),
    userMessageId: userMessage.id,
    messageId: null,
    usage: noUsage,
    step: null,
    startedAt: at,
    finishedAt: null,
    firstSeq: 0,
    lastSeq: 0,
    error: null,
  }
  const title = session.title === null ? titleFromMessage(parts) : null
  return { stream, userMessage, model, idempotencyKey, sessionToCreate, title, budget }
}
