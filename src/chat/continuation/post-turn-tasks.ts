import type { ModelRegistry, ResolvedModel } from '../../agent/models/model-registry.ts'
import { estimateJsonTokens } from '../../agent/estimate-tokens.ts'
import { createIdNotFoundError, SegueError, createShuttingDownError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { TaskTracker } from '../../lib/async/task-tracker.ts'
import type { SessionRecord } from '../../model/session.ts'
import { streamExceededContextWindow, type StreamRecord } from '../../model/stream.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import { toModelMessages } from '../context/to-model-messages.ts'
import type { SessionActors } from '../runtime/session-actors.ts'
import { titleFromModelOutput } from '../turn/derive-title.ts'
import { buildCompactionContinuation } from './build-compaction-continuation.ts'

export interface PostTurnTasksOptions {
  readonly sessions: CombinedSessionRepository
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly messageQueries: ProfileMessageReader
  readonly actors: SessionActors
  readonly runtime: ClockAndIds
  readonly log: Logger
  /** The share of a model's context window above which a session is compacted after a turn. 0 means never. */
  readonly autoCompactThreshold: number
  /** Whether models write the titles of sessions. */
  readonly generateTitles: boolean
}

/**
 * Expected conflicts: the session became busy, was continued, or was deleted. The task runs again after the next answer,
 * so nothing is logged.
 */
const expectedConflictCodes: ReadonlySet<string> = new Set(['SESSION_BUSY', 'STALE', 'NOT_FOUND'])

/** Runs tasks in the background after a turn: compaction of a long session, or generation of a title. */
export class PostTurnTasks {
  readonly #options: PostTurnTasksOptions
  readonly #abortController = new AbortController()
  readonly #tasks = new TaskTracker()

  constructor(options: PostTurnTasksOptions) {
    this.#options = options
  }

  /** Summarises a session and continues it in a new one. Throws what `ChatService.compact` throws. */
  async compact(
    { id }: SessionRecord,
    model: ResolvedModel,
    idempotencyKey: IdempotencyKey | null,
  ): Promise<SessionRecord> {
    const { sessions, actors, messageQueries, runtime } = this.#options
    // Read again: the session may have changed while its model was resolved.
    const session = await sessions.find(id)
    if (this.#abortController.signal.aborted) throw createShuttingDownError()
    if (!session) throw createIdNotFoundError('session', id)
    return actors
      .getOrCreate(session)
      .compact((signal) =>
        buildCompactionContinuation({ session, messageQueries, model, idempotencyKey, runtime, signal }),
      )
  }

  /** Starts the tasks for a session in which a stream has just completed, or has failed because its context is too long. */
  onTurnCompleted(stream: StreamRecord, contextTokens: number | null): void {
    const { autoCompactThreshold, generateTitles } = this.#options
    if (this.#abortController.signal.aborted || (autoCompactThreshold === 0 && !generateTitles)) return
    this.#tasks.run(() => this.#runTasks(stream, contextTokens)).catch((error: unknown) => this.#onError(error, stream))
  }

  /** Cancels the running tasks. No further ones start. */
  abort(): void {
    this.#abortController.abort()
  }

  async waitUntilIdle(): Promise<void> {
    await this.#tasks.waitUntilIdle()
  }

  #onError(error: unknown, { sessionId }: StreamRecord): void {
    if (error instanceof SegueError && expectedConflictCodes.has(error.code)) return
    if (this.#abortController.signal.aborted) return
    this.#options.log.error({ err: error, session: sessionId }, 'A post-turn task failed.')
  }

  async #runTasks(stream: StreamRecord, contextTokens: number | null): Promise<void> {
    const { sessions, models, generateTitles } = this.#options
    const session = await sessions.find(stream.sessionId)
    if (!session || session.endedAt !== null) return
    const tokens = contextTokens ?? (await this.#estimateContextTokens(session))
    const model = await models.resolve(stream.model, { contextTokens: tokens })
    const needsCompaction = streamExceededContextWindow(stream)
      ? await this.#canShorten(session)
      : this.#exceedsCompactionThreshold(model, tokens)
    if (needsCompaction) await this.compact(session, model, null)
    else if (generateTitles && stream.status === 'COMPLETED' && session.titleSource === 'MESSAGE')
      await this.#generateTitle(session, stream, model)
  }

  /** Returns 0 if sessions are never compacted. */
  async #estimateContextTokens(session: SessionRecord): Promise<number> {
    const { messageQueries, autoCompactThreshold } = this.#options
    if (autoCompactThreshold === 0) return 0
    return estimateJsonTokens(toModelMessages((await messageQueries.loadContext(session)).messages))
  }

  #exceedsCompactionThreshold({ contextWindow }: ResolvedModel, tokens: number): boolean {
    const { autoCompactThreshold } = this.#options
    if (autoCompactThreshold === 0 || !Number.isFinite(contextWindow)) return false
    return tokens > autoCompactThreshold * contextWindow
  }

  /** Whether a summary would be shorter: a message that is too long by itself stays too long. */
  async #canShorten(session: SessionRecord): Promise<boolean> {
    if (this.#options.autoCompactThreshold === 0) return false
    const { messages } = await this.#options.messageQueries.loadContext(session)
    return messages.some(({ role, summary }) => role === 'ASSISTANT' && !summary)
  }

  /** Generates a title once, after the first complete answer, from the messages up to that answer. */
  async #generateTitle(session: SessionRecord, { messageId }: StreamRecord, model: ResolvedModel): Promise<void> {
    const { sessions, messageQueries, actors } = this.#options
    const context = await messageQueries.loadContext(session)
    const messages = context.messages.slice(0, context.messages.findIndex(({ id }) => id === messageId) + 1)
    const completeAnswers = messages.filter(({ role, status }) => role === 'ASSISTANT' && status === 'COMPLETE')
    if (completeAnswers.length !== 1) return
    const { signal } = this.#abortController
    const request = { model: model.name, messages: toModelMessages(messages), signal }
    const generated = await rejectOnAbort(model.textGenerator.generateTitle(request), signal)
    const currentSession = generated && (await sessions.find(session.id))
    if (!currentSession) return
    const title = titleFromModelOutput(generated.text)
    const patch = title === null ? {} : { title, titleSource: 'MODEL' as const }
    await actors.getOrCreate(currentSession).update(patch, { additionalUsage: generated.usage })
  }
}
