import type { Runtime } from '../../lib/runtime.ts'
import type { AppendBatch } from '../log/event-log-writer.ts'
import { createStreamStartedDraft } from '../turn/transitions.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import { toIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { placeUserMessage } from './queued-streams.ts'

/** What is committed when a turn starts at once: its session if it is new, stream, user message and idempotency key. */
export function composeStartBatch(turn: NewTurn, firstSeq: number, runtime: Runtime): AppendBatch {
  const { stream, userMessage, idempotencyKey, sessionToCreate, title } = turn
  return {
    ...(sessionToCreate && { newSession: sessionToCreate.session }),
    ...(title !== null && { sessionPatch: { title, titleSource: 'MESSAGE' } }),
    ...(idempotencyKey && { idempotencyKeys: [toIdempotencyKeyRecord(idempotencyKey, { createdId: stream.id })] }),
    drafts: [createStreamStartedDraft(stream, runtime)],
    streams: [{ ...stream, firstSeq }],
    messages: [...(sessionToCreate?.messages ?? []), placeUserMessage(userMessage, firstSeq)],
    activityAt: userMessage.createdAt,
  }
}
