import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { AppendBatch } from '../log/event-log-writer.ts'
import { createStreamStartedDraft } from '../turn/transitions.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import { createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { assignUserMessagePosition } from './queue/queued-streams.ts'

/** What is committed when a turn starts at once: its session if it is new, stream, user message and idempotency key. */
export function composeStartBatch(turn: NewTurn, firstSeq: number, runtime: ClockAndIds): AppendBatch {
  const { stream, userMessage, idempotencyKey, sessionToCreate, title } = turn
  return {
    ...(sessionToCreate && { newSession: sessionToCreate.session }),
    ...(sessionToCreate?.checkpoint && { checkpoint: sessionToCreate.checkpoint }),
    ...(title !== null && { sessionPatch: { title, titleSource: 'MESSAGE' } }),
    ...(idempotencyKey && {
      newKey: createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: stream.id }),
    }),
    drafts: [createStreamStartedDraft(stream, runtime)],
    streams: [{ ...stream, firstSeq }],
    messages: [...(sessionToCreate?.messages ?? []), assignUserMessagePosition(userMessage, firstSeq)],
    activityAt: userMessage.createdAt,
  }
}

/** What is committed when a session ends because another one continues it. `at` is in epoch milliseconds. */
export function composeContinuationBatch(
  continuation: SessionWithInitialMessages,
  sessionId: string,
  at: number,
): AppendBatch {
  return {
    continuation,
    sessionPatch: { endedAt: at, endReason: 'compression' },
    drafts: [{ type: 'SessionContinued', at, sessionId, streamId: null, toId: continuation.session.id }],
  }
}
