import type { ModelMessage } from 'ai'
import type { ModelRegistry } from '../../../agent/models/model-registry.ts'
import type { ResolvedModel } from '../../../agent/models/resolved-model.ts'
import type { ContextSize, SessionContext } from '../../../model/context/context-size.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { ProfileMessageReader } from '../profile-message-reader.ts'

export interface ContextSizeMeterOptions {
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly messageQueries: ProfileMessageReader
  /** The share of its model's context window above which a session is summarised after a turn. 0 means never. */
  readonly autoCompactThreshold: number
}

/** Measures what would be sent next of sessions. */
export class ContextSizeMeter {
  readonly #options: ContextSizeMeterOptions

  constructor(options: ContextSizeMeterOptions) {
    this.#options = options
  }

  /**
   * Measures what the next request to the session's model would have. Null for a session from which nothing is sent: one
   * that has ended, and Hermes' own. Rejects if the session cannot be read.
   */
  async measure(session: SessionRecord): Promise<SessionContext | null> {
    if (session.origin === 'HERMES' || session.endedAt !== null) return null
    const model = await this.#options.models.resolve(session.model, { maxListWaitMs: 0 }).catch(() => null)
    const size = (await this.#findStored(session, model)) ?? (await this.#count(session, model))
    return { ...size, ...this.#findLimits(model) }
  }

  /** What was stored with the newest commit, unless the model or the profile's instructions have changed since. */
  async #findStored(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize | null> {
    const { contextSize } = session
    if (!contextSize || !model || contextSize.model !== model.id) return null
    const instructions = await this.#options.messageQueries.instructions.findCurrent(session.id)
    const first: ModelMessage[] = instructions === null ? [] : [{ role: 'system', content: instructions }]
    return model.tokenCounter.countMessages(first) === contextSize.instructions ? contextSize : null
  }

  /** Builds the messages as for a request, and counts them. */
  async #count(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize> {
    const { messageQueries } = this.#options
    const context = messageQueries.openModelContext(session, model, { fileForm: 'url' })
    const tools = (await model?.countToolTokens()) ?? 0
    const { messages } = await context.build(
      { answer: messageQueries.findStreamingMessage(session.id) },
      { reservedTokens: tools },
    )
    const instructions = context.countInstructions(messages)
    const history = context.tokenCounter.countMessages(messages.filter(({ role }) => role !== 'system'))
    const tokens = instructions + tools + history
    return { model: model?.id ?? null, tokens, instructions, tools, history, estimated: true }
  }

  #findLimits(model: ResolvedModel | null): Pick<SessionContext, 'window' | 'compactsAt'> {
    const { autoCompactThreshold } = this.#options
    if (!model?.isContextWindowKnown || !Number.isFinite(model.contextWindow)) return { window: null, compactsAt: null }
    const { contextWindow: window } = model
    return { window, compactsAt: autoCompactThreshold > 0 ? Math.floor(window * autoCompactThreshold) : null }
  }
}
