import type { ModelMessage } from 'ai'
import type { ModelHistoryRequest } from '../../agent/agent.ts'
import { type ContentOmissions, noOmissions } from '../../agent/content-omissions.ts'
import type { Dialect } from '../../agent/providers/dialect.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { KnownImageTokens } from '../../agent/tokens/estimate-image-tokens.ts'
import { computeInputBudget } from '../../agent/tokens/input-budget.ts'
import { type TokenCounter, unscaledTokenCounter } from '../../agent/tokens/token-counter.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionContextRecords } from '../../sessions/session-context.ts'
import { composeInstructionsMessage } from './instructions/compose-instructions-message.ts'
import { buildModelContext, type ModelContext } from './build-model-context.ts'
import type { MessageFileResolver } from './files/message-file-resolver.ts'
import { omitMessageFiles } from './files/omit-message-files.ts'
import type { MessageImageFitter } from './files/message-image-fitter.ts'
import type { PdfResolver } from './files/pdf-resolver.ts'
import type { ToolImageLoader } from './files/tool-image-loader.ts'
import type { ModelRequestTarget } from './opaque-state-selector.ts'

/** What of a model decides which messages it is sent. `contextWindow` is in tokens. */
export type ModelContextTarget = ModelRequestTarget & {
  readonly dialect: Pick<Dialect, 'images'> | null
} & Pick<
    ResolvedModel,
    'contextWindow' | 'maxOutputTokens' | 'toolImages' | 'pdfs' | 'tokenCounter' | 'reservedTokens' | 'omissions'
  >

/** An answer that is being made. */
export interface AnswerInProgress {
  /** Null: nothing is produced yet. */
  readonly answer: MessageRecord | null
  /** The messages that have joined it, where they are not among the stored ones. */
  readonly steered?: readonly MessageRecord[]
}

export interface SessionModelContextOptions {
  /** Called for each request: a person may change them meanwhile. */
  readonly loadInstructions: () => Promise<string | null>
  /** Called once. If it fails, every method rejects. */
  readonly load: () => Promise<SessionContextRecords>
  /** Null: the context is whole, and for no provider in particular. */
  readonly model: ModelContextTarget | null
  readonly fileResolver: MessageFileResolver
  readonly imageLoader: ToolImageLoader
  readonly pdfResolver: PdfResolver
  /** How images are scaled down to what the provider accepts. Null: they are not. */
  readonly imageFitter: MessageImageFitter | null
  /** The tokens of images that messages have by URL. Filled by the two above. Null: they have none. */
  readonly imageTokens: KnownImageTokens | null
}

/** The context of a session as it is when this is created, from which the requests of an answer are built. */
export class SessionModelContext {
  readonly #options: SessionModelContextOptions
  #records: Promise<SessionContextRecords>

  constructor(options: SessionModelContextOptions) {
    this.#options = options
    this.#records = options.load()
    this.#records.catch(() => undefined)
  }

  get tokenCounter(): TokenCounter {
    const { model, imageTokens } = this.#options
    const counter = model?.tokenCounter ?? unscaledTokenCounter
    return imageTokens ? counter.withImages(imageTokens) : counter
  }

  /** The window for the input and the answer of a request, in tokens. */
  getContextWindow({ contextWindow }: ModelHistoryRequest = {}): number {
    return contextWindow ?? this.#options.model?.contextWindow ?? Number.POSITIVE_INFINITY
  }

  /** What a request has beside its messages and instructions, in tokens, as far as it is known. */
  getReservedTokens({ reservedTokens }: ModelHistoryRequest = {}): number {
    return reservedTokens ?? this.#options.model?.reservedTokens ?? 0
  }

  /** What a request has beside the messages of the chat: its instructions as well. */
  async loadTokensBesideMessages(request: ModelHistoryRequest = {}): Promise<number> {
    const contextWindow = this.getContextWindow(request)
    const budgetTokens = computeInputBudget({ ...this.#options.model, contextWindow })
    const instructions = await this.#options.loadInstructions()
    const { tokens } = composeInstructionsMessage(instructions, budgetTokens, this.tokenCounter)
    return tokens + this.getReservedTokens(request)
  }

  /** The records, with the files of the messages, and the text of PDFs. */
  async loadRecords(): Promise<SessionContextRecords> {
    const records = await this.#records
    const { pdfResolver, fileResolver } = this.#options
    const messages = await pdfResolver.resolve(records.messages, () => true, { ...noOmissions, otherFiles: true })
    return { ...records, messages: await fileResolver.resolve(messages, () => true) }
  }

  /** The tokens of the instructions that messages for a request begin with. */
  countInstructions([first]: readonly ModelMessage[]): number {
    return first?.role === 'system' ? this.tokenCounter.countMessages([first]) : 0
  }

  /** Puts a newer checkpoint in the place of the summary and the messages that it stands for. */
  applyCheckpoint(checkpoint: ContextCheckpoint): void {
    const { summary } = checkpoint
    this.#records = this.#records.then(({ messages }) => {
      const end = messages.findIndex(({ id }) => id === summary.throughMessageId) + 1
      return { summary, checkpoint, summaryMessage: null, messages: messages.slice(end) }
    })
  }

  /** Builds the messages of a request, which end with the answer so far, and the messages that have joined it. */
  async build(
    { answer, steered = [] }: AnswerInProgress = { answer: null },
    request: ModelHistoryRequest = {},
  ): Promise<ModelContext> {
    const { model, imageLoader } = this.#options
    const omissions = request.omissions ?? model?.omissions ?? noOmissions
    const { summary, messages: stored } = await this.#records
    const instructions = await this.#options.loadInstructions()
    // The answer may have been stored while the context was read.
    const current = [...steered, ...(answer ? [answer] : [])]
    const earlier = stored.filter((message) => current.every(({ id }) => id !== message.id))
    const kept = omitMessageFiles([...earlier, ...current], omissions)
    const messages = await this.#resolveFiles(kept, answer, omissions)
    return buildModelContext({
      instructions,
      summary,
      messages,
      target: model,
      toolImages: await imageLoader.load(messages, omissions),
      omissions,
      counter: this.tokenCounter,
      contextWindow: this.getContextWindow(request),
      maxOutputTokens: model?.maxOutputTokens ?? null,
      reservedTokens: this.getReservedTokens(request),
    })
  }

  /** The files of the answer in progress are for people. */
  async #resolveFiles(
    messages: readonly MessageRecord[],
    answer: MessageRecord | null,
    omissions: ContentOmissions,
  ): Promise<readonly MessageRecord[]> {
    const { fileResolver, pdfResolver, imageFitter, imageLoader } = this.#options
    const isEarlier = ({ id }: MessageRecord): boolean => id !== answer?.id
    const withPdfTexts = await pdfResolver.resolve(messages, isEarlier, omissions)
    const resolved = await fileResolver.resolve(withPdfTexts, isEarlier)
    if (!imageFitter) return resolved
    const imageCount = imageLoader.countImages(resolved, omissions)
    return imageFitter.fit(resolved, { imageCount, fileKeys: omissions.fileKeys })
  }
}
