import { AgentError } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import { TextGenerationUsageMeter } from '../../agent/text-generation/text-generation-usage-meter.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { createBadInputError, SegueError } from '../../lib/errors.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { SessionContextRecords } from '../../sessions/session-context.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import type { UsageBudgets } from '../../usage/usage-budgets.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'
import type { CompactionHistory } from '../compaction/compaction-history.ts'
import {
  type ContextCheckpointRequest,
  createContextCheckpoint,
  type CreatedContextCheckpoint,
} from '../compaction/create-context-checkpoint.ts'
import type { BackgroundCompactions } from '../compaction/background-compactions.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import type { SessionModelContext } from '../context/session-model-context.ts'
import type { SessionActors } from '../runtime/session-actors.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { SessionClaim } from '../forwarding/session-claim.ts'
import { CompactingError } from '../runtime/session-errors.ts'
import { buildContinuation } from './build-continuation.ts'

export interface SessionCompactorOptions {
  readonly sessions: CombinedSessionRepository
  readonly messageQueries: ProfileMessageReader
  readonly actors: SessionActors
  /** Null where a home belongs to one process. */
  readonly commands: CommandChannel | null
  readonly compactionHistory: CompactionHistory
  readonly backgroundCompactions: BackgroundCompactions
  readonly runtime: ClockAndIds
  readonly prices: ModelPrices
  readonly budgets: UsageBudgets
}

/** What decides whether a session is summarised. */
export interface CompactionCheck {
  /** The session's context as it is now. */
  readonly records: SessionContextRecords
  /** What the provider has counted of the session's latest request to its model, with the answer. Null: not known. */
  readonly reportedTokens: number | null
  /** The share of the window above which it is summarised. */
  readonly threshold: number
  readonly signal: AbortSignal
}

/** Summarises sessions between their turns, and continues them in new ones. */
export class SessionCompactor {
  readonly #options: SessionCompactorOptions

  constructor(options: SessionCompactorOptions) {
    this.#options = options
  }

  /**
   * Summarises a session and continues it in a new one, which it returns. The session is busy meanwhile. Throws what
   * `ChatService.compact` throws.
   */
  async compact(
    session: SessionRecord,
    model: ResolvedModel,
    idempotencyKey: IdempotencyKey | null,
  ): Promise<SessionRecord> {
    const { sessions, actors, compactionHistory, backgroundCompactions, runtime } = this.#options
    const { messages, checkpoint: stored } = await sessions.loadContext(session)
    if (messages.length === 0 && !stored) throw createNothingToSummarizeError()
    const claim = new SessionClaim(session.id, this.#options)
    const compaction = actors.getOrCreate(session).compact({
      prepare: async (signal) => {
        if (!(await claim.take())) throw new CompactingError()
        await backgroundCompactions.wait(session.id, signal)
      },
      compose: async (signal) => {
        const { checkpoint, isStored } = await this.#summarize(session, model, signal)
        return buildContinuation({ session, checkpoint, isStored, idempotencyKey, runtime })
      },
    })
    const continuation = await compaction.finally(() => claim.release())
    compactionHistory.continueIn(session.id, continuation.id)
    return continuation
  }

  /**
   * Summarises a session in the background if its context has more than a share of the window, or does not fit any more,
   * and stores the summary as its checkpoint. What the provider has counted decides even if the estimate is smaller, but
   * once only, until it counts less than the share. The session is not busy meanwhile. Rejects with an AgentError if the
   * model fails, and with NOT_FOUND if the session was deleted.
   */
  async compactIfDue(
    session: SessionRecord,
    model: ResolvedModel,
    { records, reportedTokens, threshold, signal }: CompactionCheck,
  ): Promise<void> {
    const { messageQueries, compactionHistory, backgroundCompactions } = this.#options
    if (!Number.isFinite(model.contextWindow)) return
    const context = messageQueries.openModelContext(session, model, { records })
    const { tokens, instructionTokens, fullTokens, isComplete } = await context.build()
    const maxTokens = threshold * model.contextWindow
    const isReportedSizeDue = reportedTokens !== null && reportedTokens > maxTokens
    if (reportedTokens !== null && !isReportedSizeDue) compactionHistory.addFittingReportedSize(session.id)
    const isEstimateDue = !isComplete || tokens + instructionTokens + context.getReservedTokens() > maxTokens
    if (!isEstimateDue && !isReportedSizeDue) return
    const isFutile = isEstimateDue
      ? compactionHistory.isFutile(session.id, fullTokens)
      : compactionHistory.isFutileForReportedSize(session.id)
    if (isFutile) return
    const input = { context, signal, isForReportedSize: !isEstimateDue }
    await backgroundCompactions.run(session.id, async () => {
      // Another compaction may have ended since the context was read.
      if (await this.#hasCheckpoint(session, records.checkpoint)) await this.#compactInBackground(session, model, input)
    })
  }

  /** Whether the context of a session still begins with this checkpoint, or still with none. */
  async #hasCheckpoint(session: SessionRecord, expected: ContextCheckpoint | null): Promise<boolean> {
    const { checkpoint } = await this.#options.sessions.loadContext(session)
    return (
      checkpoint?.sessionId === expected?.sessionId &&
      checkpoint?.summary.throughMessageId === expected?.summary.throughMessageId
    )
  }

  /**
   * Continues a session that has a checkpoint in a new one, without a request to a model, if nothing runs or is queued.
   * Resolves to the new session, or to null.
   */
  async continueFromCheckpoint({ id }: SessionRecord): Promise<SessionRecord | null> {
    const { sessions, actors, compactionHistory } = this.#options
    const session = await sessions.find(id)
    if (!session || session.endedAt !== null) return null
    if (!(await this.#findUsedCheckpoint(session))) return null
    const continuation = await actors.getOrCreate(session).continueIfIdle(() => this.#buildContinuation(id))
    if (continuation) compactionHistory.continueIn(id, continuation.id)
    return continuation
  }

  /** Built when nothing else changes the session. */
  async #buildContinuation(id: string): Promise<SessionWithInitialMessages | null> {
    const session = await this.#options.sessions.find(id)
    const checkpoint = session && (await this.#findUsedCheckpoint(session))
    const { runtime } = this.#options
    return session && checkpoint ? buildContinuation({ session, checkpoint, isStored: true, runtime }) : null
  }

  /** The checkpoint of a session, unless what it stands for is not there any more. */
  async #findUsedCheckpoint(session: SessionRecord): Promise<ContextCheckpoint | null> {
    const { sessions } = this.#options
    // Most sessions have none, and their contexts need not be read.
    if (!(await sessions.findCheckpoint(session))) return null
    const { checkpoint } = await sessions.loadContext(session)
    return checkpoint?.sessionId === session.id ? checkpoint : null
  }

  async #summarize(
    session: SessionRecord,
    model: ResolvedModel,
    signal: AbortSignal,
  ): Promise<{ readonly checkpoint: ContextCheckpoint; readonly isStored: boolean }> {
    const { messageQueries, compactionHistory, budgets } = this.#options
    const failure = await budgets.findDayFailure()
    if (failure) throw new SegueError('PROVIDER', `${failure.message} The session is unchanged.`)
    const context = messageQueries.openModelContext(session, model)
    const { checkpoint } = await context.loadRecords()
    const { fullTokens } = await context.build()
    const isFutile = Number.isFinite(model.contextWindow) && compactionHistory.isFutile(session.id, fullTokens)
    if (isFutile) throw createFutileCompactionError()
    const created = await this.#createCheckpoint(session, model, { context, signal, isUrgent: true }).catch(
      rethrowAsProviderError,
    )
    if (created) {
      compactionHistory.add(session.id, created)
      return { checkpoint: created.checkpoint, isStored: false }
    }
    if (checkpoint) return { checkpoint, isStored: true }
    throw createNothingToSummarizeError()
  }

  async #compactInBackground(
    session: SessionRecord,
    model: ResolvedModel,
    { isForReportedSize, ...input }: BackgroundCompactionInput,
  ): Promise<void> {
    const { compactionHistory, prices, runtime } = this.#options
    const actor = () => this.#options.actors.getOrCreate(session)
    const usageMeter = new TextGenerationUsageMeter(prices.find(model.id))
    const onEvent = usageMeter.add.bind(usageMeter)
    const created = await this.#createCheckpoint(session, model, { ...input, onEvent }).catch(
      async (error: unknown) => {
        // What was requested is paid for, although it was in vain.
        await actor().storeCheckpoint(null, { usage: usageMeter.finish(), model: model.id, at: runtime.now() })
        throw error
      },
    )
    if (!created) return
    const { checkpoint } = created
    // Where the provider's count decides, the estimate does not tell what the summary saves.
    if (isForReportedSize) compactionHistory.addForReportedSize(session.id)
    const isUsed = isForReportedSize || compactionHistory.add(session.id, created)
    const { usage, createdAt: at } = checkpoint
    await actor().storeCheckpoint(isUsed ? checkpoint : null, { usage, model: model.id, at })
  }

  async #createCheckpoint(
    session: SessionRecord,
    model: ResolvedModel,
    { context, ...input }: CompactionInput,
  ): Promise<CreatedContextCheckpoint | null> {
    const { runtime } = this.#options
    const reservedTokens = await context.loadTokensBesideMessages()
    const request = createContextCheckpoint({
      sessionId: session.id,
      context: await context.loadRecords(),
      model,
      contextWindow: model.contextWindow,
      reservedTokens,
      ...input,
      now: () => runtime.now(),
    })
    return rejectOnAbort(request, input.signal)
  }
}

interface CompactionInput extends Pick<ContextCheckpointRequest, 'signal' | 'isUrgent' | 'onEvent'> {
  readonly context: SessionModelContext
}

interface BackgroundCompactionInput extends Pick<CompactionInput, 'context' | 'signal'> {
  /** Only the provider's count asks for it: the estimate of the context fits. */
  readonly isForReportedSize: boolean
}

function createNothingToSummarizeError(): SegueError {
  return createBadInputError('There is nothing to summarise. Send a message first.', 'id')
}

function createFutileCompactionError(): SegueError {
  const message =
    'The last two summaries were hardly shorter than what they replace. Go on with this session, or choose another model for it.'
  return new SegueError('PROVIDER', message)
}

function rethrowAsProviderError(error: unknown): never {
  if (error instanceof AgentError) throw new SegueError('PROVIDER', `${error.message} The session is unchanged.`)
  throw error
}
