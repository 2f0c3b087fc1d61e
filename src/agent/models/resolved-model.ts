import type { Agent, SummaryAndTitleGenerator } from '../agent.ts'
import type { ContentOmissions } from '../content-omissions.ts'
import type { Dialect } from '../providers/dialect.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import type { ToolImageSupport } from './content-support/image-support.ts'
import type { PdfSupport } from './content-support/pdf-support.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'

/** A model that is ready to answer. */
export interface ResolvedModel {
  readonly id: string
  readonly name: string
  readonly agent: Agent
  readonly textGenerator: SummaryAndTitleGenerator
  /** Size of the context window, in tokens; what is assumed of it if refusals for length did not name it. */
  readonly contextWindow: number
  /** The same without what is assumed after refusals. It may be greater. */
  readonly statedContextWindow: number
  /** Whether a configuration, the provider or a refusal has told `contextWindow`. Otherwise it is a guess. */
  readonly isContextWindowKnown: boolean
  /** The longest answer, in tokens. Null: not known. */
  readonly maxOutputTokens: number | null
  /** Counts tokens as the model does. */
  readonly tokenCounter: TokenCounter
  /** What the latest request to it had beside the messages of the chat, in tokens. 0 before the first one. */
  readonly reservedTokens: number
  /** Counts what the next request will have of tools and notes about them, in tokens. Starts what the tools need. */
  readonly countToolTokens: () => Promise<number>
  /** The efforts that it takes, least first, but for those that `omissions` has. */
  readonly efforts: readonly Effort[]
  readonly toolImages: ToolImageSupport
  /** Which PDFs it reads itself. Null: it is sent their text. */
  readonly pdfs: PdfSupport | null
  /** What its provider is known to refuse now. */
  readonly omissions: ContentOmissions
  /** What its provider demands. Null without a provider: any messages in any order will do. */
  readonly dialect: Dialect | null
}

/** A model without a provider, which has nothing to demand or to refuse. */
export type OfflineModel = Omit<ResolvedModel, 'id' | 'name' | 'dialect' | 'omissions'>

export interface ResolveModelOptions {
  /**
   * How many milliseconds to wait for the first model list of a provider, which may say how large the context window is.
   * After that, the window is assumed from the name. Default: one second.
   */
  readonly maxListWaitMs?: number
  /**
   * How long the chat is, in tokens; 0 if it is left out. A provider whose models are configured is asked for its list only
   * when a chat has a length at which the window matters.
   */
  readonly contextTokens?: number
  /** The efforts matter, which a provider's list may name. Default: no. */
  readonly needsEfforts?: boolean
}
