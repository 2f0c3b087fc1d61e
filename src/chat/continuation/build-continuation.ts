import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import { inheritTitle } from '../../model/conversation/title.ts'
import { positionNewSessionMessages } from '../../model/fold/message-position.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { noUsage } from '../../model/usage.ts'
import { inheritModelSettings } from '../../sessions/inherit-model-settings.ts'
import { newSession } from '../../sessions/new-session.ts'
import { createCompletedIdempotencyKeyRecord, type IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'

/** What a continuation is built from. */
export interface ContinuationInput {
  readonly session: SessionRecord
  /** The summary that the continuation begins with. */
  readonly checkpoint: Omit<ContextCheckpoint, 'createdAt'>
  /** Whether the summary was stored with the session, so that its usage is counted there. */
  readonly isStored: boolean
  /** The key of the call that asks for the continuation. */
  readonly idempotencyKey?: IdempotencyKey | null
  readonly runtime: ClockAndIds
}

/**
 * Builds the session that continues another one. It has the same title, model, instructions and approval rules, and the
 * summary as its first message. The messages that the summary does not stand for stay where they are. Stores nothing.
 */
export function buildContinuation(input: ContinuationInput): SessionWithInitialMessages {
  const { session, checkpoint, isStored, idempotencyKey = null, runtime } = input
  const at = runtime.now()
  const { profile } = session
  const continuation = newSession({
    at,
    ...inheritTitle(session),
    ...inheritModelSettings(session),
    profile,
    parentId: session.id,
    usage: isStored ? noUsage : checkpoint.usage,
  })
  const { text, ...summaryContext } = checkpoint.summary
  const summary: MessageRecord = {
    id: runtime.newId('message'),
    sessionId: continuation.id,
    position: null,
    withdrawn: false,
    role: 'SYSTEM',
    summary: true,
    summaryContext,
    status: 'COMPLETE',
    parts: [{ type: 'text', text: text.toWellFormed() }],
    createdAt: at,
    streamId: null,
    model: checkpoint.model,
    usage: checkpoint.usage,
  }
  return {
    session: continuation,
    messages: positionNewSessionMessages([summary]),
    moveApprovalRulesFrom: session.id,
    idempotencyKey:
      idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: continuation.id }),
  }
}
