import { AgentError } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import { createBadInputError, SegueError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { positionNewSessionMessages } from '../../model/fold/message-position.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { inheritTitle } from '../../model/conversation/title.ts'
import type { Usage } from '../../model/usage.ts'
import { newSession } from '../../sessions/new-session.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import { computeCompactionLimits } from '../compaction/compaction-limits.ts'
import { composeTranscript } from '../compaction/compose-transcript.ts'
import { SummaryWriter } from '../compaction/summary-writer.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'

export interface CompactionInput {
  readonly session: SessionRecord
  readonly messageQueries: ProfileMessageReader
  readonly model: ResolvedModel
  readonly idempotencyKey: IdempotencyKey | null
  readonly runtime: ClockAndIds
  readonly signal: AbortSignal
}

/**
 * Builds the session that continues a compacted one. It has the same title, model, pin and archive flags, the same tool
 * grants, and a summary of the conversation as its first message. Stores nothing. Throws BAD_USER_INPUT if nothing was
 * said since the last summary, and PROVIDER if the model returns no summary.
 */
export async function buildCompactionContinuation(input: CompactionInput): Promise<SessionWithInitialMessages> {
  const { session, model, idempotencyKey, runtime } = input
  const { text, usage } = await generateSummary(input)
  const at = runtime.now()
  const { profile, pinned, archived } = session
  const continuation = newSession({
    at,
    ...inheritTitle(session),
    profile,
    model: session.model,
    pinned,
    archived,
    parentId: session.id,
    usage,
  })
  const summary: MessageRecord = {
    id: runtime.newId('message'),
    sessionId: continuation.id,
    position: null,
    withdrawn: false,
    role: 'SYSTEM',
    summary: true,
    status: 'COMPLETE',
    parts: [{ type: 'text', text: text.toWellFormed() }],
    createdAt: at,
    streamId: null,
    model: model.id,
    usage,
  }
  return {
    session: continuation,
    messages: positionNewSessionMessages([summary]),
    copyGrantsFrom: session.id,
    idempotencyKey:
      idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: continuation.id }),
  }
}

async function generateSummary(input: CompactionInput): Promise<{ text: string; usage: Usage }> {
  const { session, messageQueries, model, signal } = input
  const { summary, messages } = await messageQueries.loadContext(session)
  if (messages.length === 0) {
    throw createBadInputError('There is nothing to summarise. Send a message first.', 'id')
  }
  const limits = computeCompactionLimits(model.contextWindow, 0)
  const writer = new SummaryWriter({ ...limits, model, signal })
  const transcript = composeTranscript(messages, limits.maxAttachedTokens, model.tokenCounter)
  const text = await writer
    .summarize(summary?.text ?? null, transcript, limits.maxSummaryTokens)
    .catch(rethrowAsProviderError)
  return { text, usage: writer.usage }
}

function rethrowAsProviderError(error: unknown): never {
  if (error instanceof AgentError) throw new SegueError('PROVIDER', `${error.message} The session is unchanged.`)
  throw error
}
