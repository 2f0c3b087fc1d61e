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
    const size = await this.#count(session, model)
    return { ...size, ...this.#findLimits(model) }
  }

  /** Builds the messages as for a request, and counts them. */
  async #count(session: SessionRecord, model: ResolvedModel | null): Promise<ContextSize> {
    const { messageQueries } = this.#options
    const context = messageQueries.openModelContext(session, model, { fileForm: 'url' })
    const tools = (await model?.countToolTokens()) ?? 0
    const { messages } = await context.build(messageQueries.findStreamingMessage(session.id), { reservedTokens: tools })
    const [first, ...others] = messages
    const { tokenCounter } = context
    const instructions = first?.role === 'system' ? tokenCounter.countMessages([first]) : 0
    const history = tokenCounter.countMessages(first?.role === 'system' ? others : messages)
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
