import type { ChatSettings } from '../../config/profile/profile-settings.ts'
import type { LiveValue } from '../../config/reload/live-value.ts'
import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import { unscaledTokenCounter } from '../../agent/tokens/token-counter.ts'
import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { TaskTracker } from '../../lib/async/task-tracker.ts'
import type { SessionRecord } from '../../model/session.ts'
import { streamExceededContextWindow, type StreamRecord } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import { toModelMessages } from '../context/to-model-messages.ts'
import type { UsageBudgets } from '../../usage/usage-budgets.ts'
import type { SessionActors } from '../runtime/session-actors.ts'
import { titleFromModelOutput } from '../turn/titles/derive-title.ts'
import { countReportedTokens } from '../turn/step-usage.ts'
import type { SessionCompactor } from './session-compactor.ts'

export interface PostTurnTasksOptions {
  readonly sessions: CombinedSessionRepository
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly messageQueries: ProfileMessageReader
  readonly actors: SessionActors
  readonly compactor: SessionCompactor
  readonly runtime: ClockAndIds
  readonly budgets: UsageBudgets
  readonly log: Logger
  readonly settings: LiveValue<Pick<ChatSettings, 'autoCompactThreshold' | 'generateTitles'>>
}

/** A turn that has just ended. */
export interface EndedTurn {
  readonly stream: StreamRecord
  /** The usage of its newest step. Null: it had none. */
  readonly lastStepUsage: Usage | null
}

/**
 * Expected conflicts: the session became busy, was continued, or was deleted. The task runs again after the next answer,
 * so nothing is logged.
 */
const expectedConflictCodes: ReadonlySet<string> = new Set(['SESSION_BUSY', 'STALE', 'NOT_FOUND'])

/** Runs tasks in the background after a turn: a summary and the continuation of a long session, or a title. */
export class PostTurnTasks {
  readonly #options: PostTurnTasksOptions
  readonly #abortController = new AbortController()
  readonly #tasks = new TaskTracker()

  constructor(options: PostTurnTasksOptions) {
    this.#options = options
  }

  /** Starts the tasks for a session in which a stream has just ended. */
  onTurnEnded(turn: EndedTurn): void {
    const { autoCompactThreshold, generateTitles } = this.#options.settings.current
    if (this.#abortController.signal.aborted || (autoCompactThreshold === 0 && !generateTitles)) return
    void this.#tasks.run(() => this.#runTasks(turn).catch((error: unknown) => this.#onError(error, turn.stream)))
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

  async #runTasks(turn: EndedTurn): Promise<void> {
    const { stream } = turn
    const { sessions, settings } = this.#options
    const { autoCompactThreshold, generateTitles } = settings.current
    const session = await sessions.find(stream.sessionId)
    if (!session || session.endedAt !== null) return
    if (autoCompactThreshold > 0 && (await this.#continueIfLong(session, turn))) return
    if (generateTitles && stream.status === 'COMPLETED' && session.titleSource === 'MESSAGE')
      await this.#generateTitle(session, stream)
  }

  /** Summarises a session if it is too long for its model, and continues it if it has a summary and is idle. */
  async #continueIfLong(session: SessionRecord, turn: EndedTurn): Promise<boolean> {
    const { compactor } = this.#options
    const { stream } = turn
    if (stream.status === 'COMPLETED' || streamExceededContextWindow(stream))
      await this.#compactIfDue(session, turn).catch((error: unknown) => this.#onError(error, stream))
    if (this.#abortController.signal.aborted) return false
    return (await compactor.continueFromCheckpoint(session)) !== null
  }

  async #compactIfDue(session: SessionRecord, { stream, lastStepUsage }: EndedTurn): Promise<void> {
    if (await this.#options.budgets.findDayFailure()) return
    const { models, messageQueries, compactor, settings } = this.#options
    const records = await messageQueries.loadContext(session)
    // The list of a provider, which names the window, is needed for long contexts only.
    const estimatedTokens = unscaledTokenCounter.countMessages(toModelMessages(records.messages))
    const reportedTokens = countReportedTokens(lastStepUsage)
    const contextTokens = Math.max(estimatedTokens, reportedTokens ?? 0)
    const model = await models.resolve(session.model, { contextTokens })
    await compactor.compactIfDue(session, model, {
      records,
      // Models count differently: what another one reported says nothing about this one.
      reportedTokens: stream.model === model.id ? reportedTokens : null,
      threshold: settings.current.autoCompactThreshold,
      signal: this.#abortController.signal,
    })
  }

  /** Generates a title once, after the first complete answer, from the messages up to that answer. */
  async #generateTitle(session: SessionRecord, { messageId, model: modelId }: StreamRecord): Promise<void> {
    const { sessions, models, messageQueries, actors, runtime } = this.#options
    const context = await messageQueries.loadContext(session)
    const messages = context.messages.slice(0, context.messages.findIndex(({ id }) => id === messageId) + 1)
    const completeAnswers = messages.filter(({ role, status }) => role === 'ASSISTANT' && status === 'COMPLETE')
    if (completeAnswers.length !== 1 || (await this.#options.budgets.findDayFailure())) return
    const model = await models.resolve(modelId)
    const { signal } = this.#abortController
    const request = { model: model.name, messages: toModelMessages(messages), signal }
    const generated = await rejectOnAbort(model.textGenerator.generateTitle(request), signal)
    const currentSession = generated && (await sessions.find(session.id))
    if (!currentSession) return
    const title = titleFromModelOutput(generated.text)
    const patch = title === null ? {} : { title, titleSource: 'MODEL' as const }
    await actors.getOrCreate(currentSession).update(patch, {
      additionalUsage: { usage: generated.usage, model: model.id, at: runtime.now() },
    })
  }
}
