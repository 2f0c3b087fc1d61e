import type { ChatSettings } from '../../../config/profile/profile-settings.ts'
import type { LiveValue } from '../../../config/reload/live-value.ts'
import type { ModelMessage } from 'ai'
import type { ModelRegistry } from '../../../agent/models/model-registry.ts'
import type { ResolvedModel } from '../../../agent/models/resolved-model.ts'
import type { ContextSize, SessionContext } from '../../../model/context/context-size.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { ContextSizeStore } from '../../../storage/sessions/context-size-store.ts'
import type { ProfileMessageReader } from '../profile-message-reader.ts'
import { correctContextSize } from './correct-context-size.ts'

/** Knows what the model is sent next of the sessions in which a stream runs. */
export interface RunningContextSizeLookup {
  /** Null: no stream runs in the session, or it has to be counted. */
  findContextSize(sessionId: string): ContextSize | null
}

export interface ContextSizeMeterOptions {
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly messageQueries: ProfileMessageReader
  readonly running: RunningContextSizeLookup
  readonly store: ContextSizeStore
  readonly settings: LiveValue<Pick<ChatSettings, 'autoCompactThreshold'>>
}

/** Measures what would be sent next of sessions. */
export class ContextSizeMeter {
  readonly #options: ContextSizeMeterOptions

  constructor(options: ContextSizeMeterOptions) {
    this.#options = options
  }

  /**
   * Measures what the next request to the session's model would have. Messages are read and counted only if the size was not
   * kept with the newest commit; then it is kept. Null for a session from which nothing is sent: one that has ended, and
   * Hermes' own. Rejects if the session cannot be read.
   */
  async measure(session: SessionRecord): Promise<SessionContext | null> {
    if (session.origin === 'HERMES' || session.endedAt !== null) return null
    const model = await this.#options.models.resolve(session.model, { maxListWaitMs: 0 }).catch(() => null)
    const size = (await this.#findKnown(session, model)) ?? (await this.#countAndStore(session, model))
    return { ...size, ...this.#findLimits(model) }
  }

  /** That of the running stream, else what was kept with the newest commit. Null if it is that of another model. */
  async #findKnown(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize | null> {
    const size = this.#options.running.findContextSize(session.id) ?? session.contextSize
    if (!size || !model || size.model !== model.id) return null
    const instructions = await this.#options.messageQueries.instructions.findCurrent(session.id)
    const first: ModelMessage[] = instructions === null ? [] : [{ role: 'system', content: instructions }]
    return correctContextSize(size, {
      instructions: model.tokenCounter.countMessages(first),
      tools: await model.countToolTokens(),
      scale: model.tokenCounter.scale,
    })
  }

  async #countAndStore(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize> {
    const size = await this.#count(session, model)
    if (model) await this.#options.store.storeContextSize(session.id, session.headSeq, size).catch(() => undefined)
    return size
  }

  /** Builds the messages as for a request, and counts them. */
  async #count(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize> {
    const { messageQueries } = this.#options
    const context = messageQueries.openModelContext(session, model, { fileForm: 'url' })
    const tools = (await model?.countToolTokens()) ?? 0
    const { messages } = await context.build(
      { answer: await messageQueries.loadStreamingMessage(session.id) },
      { reservedTokens: tools },
    )
    const instructions = context.countInstructions(messages)
    const history = context.tokenCounter.countMessages(messages.filter(({ role }) => role !== 'system'))
    const tokens = instructions + tools + history
    const { scale } = context.tokenCounter
    return { model: model?.id ?? null, tokens, instructions, tools, history, scale, estimated: true }
  }

  #findLimits(model: ResolvedModel | null): Pick<SessionContext, 'window' | 'compactsAt'> {
    const { autoCompactThreshold } = this.#options.settings.current
    if (!model?.isContextWindowKnown || !Number.isFinite(model.contextWindow)) return { window: null, compactsAt: null }
    const { contextWindow: window } = model
    return { window, compactsAt: autoCompactThreshold > 0 ? Math.floor(window * autoCompactThreshold) : null }
  }
}
