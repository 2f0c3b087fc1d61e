import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import { AgentError } from '../../agent/agent.ts'
import { badInput, SegueError } from '../../lib/errors.ts'
import { newSession } from '../../sessions/new-session.ts'
import { inheritTitle } from '../../model/title.ts'
import type { CreateSessionRequest } from '../../storage/session-writer.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { prependPositions } from '../../model/message-position.ts'
import type { MessageQueries } from '../context/message-queries.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'

export interface CompactionInput {
  readonly session: SessionRecord
  readonly messageQueries: MessageQueries
  readonly model: ResolvedModel
  readonly idempotencyKey: IdempotencyKey | null
  readonly runtime: Runtime
  readonly signal: AbortSignal
}

/**
 * The session that goes on where a compacted one ends: it has its title, its model and its settings, and a summary of
 * all that was said as its first message. Nothing is stored yet. Throws BAD_USER_INPUT when nothing was said, PROVIDER
 * when there is no summary to be had.
 */
export async function buildContinuation(compaction: CompactionInput): Promise<CreateSessionRequest> {
  const { session, messageQueries, model, idempotencyKey, runtime, signal } = compaction
  const contextMessages = await messageQueries.loadContext(session)
  if (contextMessages.every(({ summary }) => summary)) throw badInput('There is nothing to summarise yet.', 'id')
  const messages = await messageQueries.prepareModelMessages(session, model.contextWindow)(null)
  const { text, usage } = await model.textGenerator
    .generateSummary({ model: model.name, messages, signal })
    .catch(rethrowAsProviderError)
  if (text.trim() === '') throw new SegueError('PROVIDER', 'The model wrote no summary. The session is as it was.')
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
    messages: prependPositions([summary]),
    copyGrantsFrom: session.id,
    ...(idempotencyKey && { idempotencyKey }),
  }
}

function rethrowAsProviderError(error: unknown): never {
  if (error instanceof AgentError) {
    throw new SegueError('PROVIDER', `${error.message} The session is as it was.`)
  }
  throw error
}
