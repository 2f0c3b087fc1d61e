import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionContextRecords } from '../../sessions/session-context.ts'
import { compactContext, type CompactContextRequest, type CompactedContext } from './compact-context.ts'

/** Which context of a session is summarised, and for which model. */
export interface ContextCheckpointRequest extends Pick<
  CompactContextRequest,
  'contextWindow' | 'reservedTokens' | 'isUrgent' | 'signal' | 'onEvent'
> {
  readonly sessionId: string
  readonly context: SessionContextRecords
  /** Those messages of the context that may be summarised, oldest first. Default: all. */
  readonly messages?: readonly MessageRecord[]
  /** Writes the summary. */
  readonly model: ResolvedModel
  /** In epoch milliseconds. */
  readonly now: () => number
}

/** A checkpoint that is not stored yet, and what the context took before and takes with it. */
export interface CreatedContextCheckpoint extends Pick<CompactedContext, 'tokensBefore' | 'tokensAfter'> {
  readonly checkpoint: ContextCheckpoint
}

/** The newest turn stays as it is, unless it is the only one. */
const minVerbatimTurns = 1

/**
 * Summarises a session's context, all but the newest turns. Stores nothing. Resolves to null if there is nothing to
 * summarise. Rejects with an AgentError if the model fails.
 */
export async function createContextCheckpoint(
  request: ContextCheckpointRequest,
): Promise<CreatedContextCheckpoint | null> {
  const { sessionId, context, messages = context.messages, model, now } = request
  const compacted = await compactContext({ ...request, previous: context.summary, messages, minVerbatimTurns })
  if (!compacted) return null
  const { summary, usage, tokensBefore, tokensAfter } = compacted
  // A summary of a summary message alone stands for that message.
  const throughMessageId = summary.throughMessageId ?? context.summaryMessage?.id ?? null
  return {
    checkpoint: { sessionId, summary: { ...summary, throughMessageId }, model: model.id, usage, createdAt: now() },
    tokensBefore,
    tokensAfter,
  }
}
