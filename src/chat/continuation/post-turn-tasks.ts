import type { ResolvedModel, ModelRegistry } from '../../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../../lib/errors.ts'
import type { SessionRepository } from '../../sessions/session-repository.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { rejectOnAbort } from '../../lib/reject-on-abort.ts'
import { buildContinuation } from './compact-session.ts'
import { toModelMessages } from '../context/to-model-messages.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { estimateJsonTokens } from '../../agent/estimate-tokens.ts'
import type { SessionActor } from '../runtime/session-actor.ts'
import { titleFromModelOutput } from '../turn/derive-title.ts'
import type { MessageQueries } from '../context/message-queries.ts'
import type { Logger } from '../../lib/logger.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'

export interface PostTurnTasksOptions {
  readonly sessions: SessionRepository
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly messageQueries: MessageQueries
  readonly actorFor: (session: SessionRecord) => SessionActor
  readonly runtime: Runtime
  readonly autoCompactThreshold?: number
  readonly generateTitles?: boolean
  readonly log: Logger
}

const expectedConflictCodes: ReadonlySet<string> = new Set(['SESSION_BUSY', 'STALE', 'NOT_FOUND'])

/** What becomes of a session between two turns: it is continued by another one when it has grown too long, or gets its title. */
export class PostTurnTasks {
  readonly #options: PostTurnTasksOptions
  readonly #abortController = new AbortController()
  readonly #activeTasks = new Set<Promise<void>>()

  constructor(options: PostTurnTasksOptions) {
    this.#options = options
  }

  /** Has a session summarised and continued. Throws as `Chats.compact` does. */
  async compact(
    { id }: SessionRecord,
    model: ResolvedModel,
    idempotencyKey: IdempotencyKey | null,
  ): Promise<SessionRecord> {
    const { sessions, actorFor, messageQueries, runtime } = this.#options
    // Since it was looked at it may have grown, changed, or been continued.
    const session = await sessions.find(id)
    if (this.#abortController.signal.aborted) throw shuttingDown()
    if (!session) throw notFound('session', id)
    return actorFor(session).compact((signal) =>
      buildContinuation({ session, messageQueries, model, idempotencyKey, runtime, signal }),
    )
  }

  /** Looks after a session in which an answer has just become whole, while nobody waits for that. */
  onTurnCompleted(stream: StreamRecord, contextTokens: number | null): void {
    const { autoCompactThreshold = 0, generateTitles = false, log } = this.#options
    if (this.#abortController.signal.aborted || (autoCompactThreshold === 0 && !generateTitles)) return
    const task = this.#runTasks(stream, contextTokens)
      .catch((error: unknown) => {
        // It was busy, or was continued by somebody else: then somebody else's answer comes, and this with it. Or it was
        // removed meanwhile.
        const isExpectedConflict = error instanceof SegueError && expectedConflictCodes.has(error.code)
        if (!isExpectedConflict && !this.#abortController.signal.aborted)
          log.error({ err: error, session: stream.sessionId }, 'A post-turn task failed.')
      })
      .finally(() => this.#activeTasks.delete(task))
    this.#activeTasks.add(task)
  }

  /** Has what is under way end soon. */
  abort(): void {
    this.#abortController.abort()
  }

  async waitUntilIdle(): Promise<void> {
    await Promise.all(this.#activeTasks)
  }

  async #runTasks(stream: StreamRecord, contextTokens: number | null): Promise<void> {
    const { sessions, models, messageQueries, autoCompactThreshold = 0, generateTitles = false } = this.#options
    const session = await sessions.find(stream.sessionId)
    if (!session || session.endedAt !== null) return
    const model = await models.resolve(stream.model)
    if (autoCompactThreshold > 0 && Number.isFinite(model.contextWindow)) {
      const tokens = contextTokens ?? estimateJsonTokens(toModelMessages(await messageQueries.loadContext(session)))
      if (tokens > autoCompactThreshold * model.contextWindow) {
        await this.compact(session, model, null)
        return
      }
    }
    if (generateTitles && session.titleSource === 'MESSAGE') await this.#generateTitle(session, stream, model)
  }

  /** A title by the model, once: after the first answer that is whole, whatever was said since. */
  async #generateTitle(session: SessionRecord, { messageId }: StreamRecord, model: ResolvedModel): Promise<void> {
    const { sessions, messageQueries, actorFor } = this.#options
    const context = await messageQueries.loadContext(session)
    const messagesUntilAnswer = context.slice(0, context.findIndex(({ id }) => id === messageId) + 1)
    if (messagesUntilAnswer.filter(({ role, status }) => role === 'ASSISTANT' && status === 'COMPLETE').length !== 1)
      return
    const { signal } = this.#abortController
    const request = { model: model.name, messages: toModelMessages(messagesUntilAnswer), signal }
    const generated = await rejectOnAbort(model.textGenerator.generateTitle(request), signal)
    const currentSession = generated && (await sessions.find(session.id))
    if (!currentSession) return
    const title = titleFromModelOutput(generated.text)
    await actorFor(currentSession).update(title === null ? {} : { title, titleSource: 'MODEL' }, generated.usage)
  }
}
