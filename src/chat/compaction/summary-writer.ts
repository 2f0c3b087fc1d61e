import { AgentError, type GeneratedText, type SummaryUsageEvent } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import { AdjustableRequestRejectionError } from '../../agent/providers/errors/provider-request-rejection.ts'
import type { TranscriptParagraph } from '../../agent/text-generation/format-transcript.ts'
import { composeSummaryPrompt } from '../../agent/text-generation/text-prompts.ts'
import { addUsage, noUsage, type Usage } from '../../model/usage.ts'
import { cutAtSentence } from './cut-at-sentence.ts'
import { takeTranscriptChunk } from './take-transcript-chunk.ts'

export interface SummaryWriterOptions {
  readonly model: Pick<ResolvedModel, 'name' | 'textGenerator' | 'tokenCounter'>
  /** The longest request, in tokens. */
  readonly maxPromptTokens: number
  /** The longest summary of what only a part of the requests contain, in tokens. */
  readonly maxSummaryTokens: number
  /** An answer waits for the summary. Default: false. */
  readonly isUrgent?: boolean
  readonly signal: AbortSignal
  readonly onEvent?: (event: SummaryUsageEvent) => void
}

/** A shorter chunk is not halved again, and a request has at least this much of the chat, however small the window is. */
const minChunkTokens = 64
/** An earlier summary that takes more of a request than this is summarised like the chat. */
const maxEarlierSummaryShare = 1 / 3

/** Models write more than they are asked for: they are asked for this part of what is accepted. */
const requestedShare = 0.75

/** Has a model write a summary in several requests. Adds up what they cost. */
export class SummaryWriter {
  readonly #options: SummaryWriterOptions
  #usage: Usage = noUsage
  /** The longest chunk that has not been refused, in tokens. */
  #maxChunkTokens = Number.POSITIVE_INFINITY
  #isAfterRefusal = false
  /** The model has once been asked for a shorter text, and has not obeyed. */
  #ignoresLimits = false

  constructor(options: SummaryWriterOptions) {
    this.#options = options
  }

  /** What all requests have cost so far. */
  get usage(): Usage {
    return this.#usage
  }

  /**
   * Summarises a transcript, after the summary of what came before it: chunk by chunk, each together with the summary so
   * far. The result may be longer than `maxTokens`. Rejects with an AgentError.
   */
  async summarize(
    previousSummary: string | null,
    transcript: readonly TranscriptParagraph[],
    maxTokens: number,
  ): Promise<string> {
    const { model, maxPromptTokens, maxSummaryTokens } = this.#options
    const isLong = model.tokenCounter.countText(previousSummary ?? '') > maxPromptTokens * maxEarlierSummaryShare
    let summary = isLong ? null : previousSummary
    const earlier = { type: 'text', speaker: 'Earlier summary', text: previousSummary ?? '' } as const
    let rest = isLong ? [earlier, ...transcript] : transcript
    while (rest.length > 0) {
      const chunk = takeTranscriptChunk(rest, this.#findMaxChunkTokens(summary, maxTokens), model.tokenCounter)
      const isLast = chunk.rest.length === 0
      const length = isLast ? maxTokens : maxSummaryTokens
      const written = await this.#generate(summary, chunk.paragraphs, length).catch((error: unknown) => {
        if (!isTooLong(error) || chunk.tokens <= minChunkTokens) throw error
        this.#maxChunkTokens = chunk.tokens / 2
        this.#isAfterRefusal = true
        return null
      })
      if (written === null) continue
      rest = chunk.rest
      // The last text is limited by the caller.
      summary = isLast ? written : await this.shorten(written, maxSummaryTokens)
    }
    return summary ?? ''
  }

  /** A summary of at most `maxTokens`: the same one, one that the model has shortened, or if need be its beginning. */
  async shorten(summary: string, maxTokens: number): Promise<string> {
    const { tokenCounter } = this.#options.model
    if (tokenCounter.countText(summary) <= maxTokens) return summary
    const maxInputTokens = this.#findMaxChunkTokens('', maxTokens)
    if (this.#ignoresLimits || maxInputTokens <= maxTokens) return cutAtSentence(summary, maxTokens, tokenCounter)
    const input = cutAtSentence(summary, maxInputTokens, tokenCounter)
    const shortened = await this.#generate(input, [], Math.floor(maxTokens / 2))
    if (tokenCounter.countText(shortened) <= maxTokens) return shortened
    this.#ignoresLimits = true
    return cutAtSentence(shortened, maxTokens, tokenCounter)
  }

  #findMaxChunkTokens(summary: string | null, maxTokens: number): number {
    const { model, maxPromptTokens } = this.#options
    const promptTokens = model.tokenCounter.countText(this.#composePrompt(summary, maxTokens))
    return Math.max(minChunkTokens, Math.min(maxPromptTokens - promptTokens, this.#maxChunkTokens))
  }

  #composePrompt(previousSummary: string | null, maxTokens: number): string {
    return composeSummaryPrompt({ previousSummary, paragraphs: [], maxTokens })
  }

  async #generate(previousSummary: string | null, paragraphs: readonly string[], maxTokens: number): Promise<string> {
    const { model, isUrgent = false, signal } = this.#options
    if (signal.aborted) throw new AgentError('PROVIDER', 'The summary was aborted.')
    const { text, usage }: GeneratedText = await model.textGenerator.generateSummary({
      model: model.name,
      previousSummary,
      paragraphs,
      maxTokens: Math.floor(maxTokens * requestedShare),
      isUrgent,
      signal,
      onEvent: (event) => this.#report(event),
    })
    this.#usage = addUsage(this.#usage, usage)
    const summary = text.toWellFormed().trim()
    if (summary === '') throw new AgentError('PROVIDER', 'The model returned an empty summary. Try again.')
    return summary
  }

  /** A request that takes the place of a refused one says so: the refused one costs nothing. */
  #report(event: SummaryUsageEvent): void {
    const replacesRefused = event.type === 'step' && this.#isAfterRefusal
    if (event.type === 'step') this.#isAfterRefusal = false
    this.#options.onEvent?.(replacesRefused ? { ...event, replacesRefused } : event)
  }
}

function isTooLong(error: unknown): boolean {
  if (error instanceof AdjustableRequestRejectionError && error.refusal.type === 'context-length') return true
  return error instanceof AgentError && error.code === 'CONTEXT_LENGTH'
}
