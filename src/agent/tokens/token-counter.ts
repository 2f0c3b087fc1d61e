import type { ModelMessage } from 'ai'
import type { KnownImageTokens } from './estimate-image-tokens.ts'
import {
  estimateJsonTokens,
  estimateMessageTokens,
  estimateToolOutputTokens,
  type TokenEstimateSettings,
} from './estimate-message-tokens.ts'
import { estimateTextTokens, findBeginningLength, findEndLength } from './estimate-text-tokens.ts'

type ToolOutput = Parameters<typeof estimateToolOutputTokens>[0]

/** A text is at least this share of its estimate, whatever the tokenizer. */
const leastShare = 0.6

/** Counts tokens about as one model does. Counts are whole numbers. */
export class TokenCounter {
  readonly #getScale: () => number
  readonly #settings: TokenEstimateSettings

  /**
   * `getScale`: how many of the model's tokens a token of the estimates is. It may change while more is learned. The tokens
   * of images in `settings` are those before the scale.
   */
  constructor(getScale: () => number = () => 1, settings: TokenEstimateSettings = { tokenizer: 'o200k' }) {
    this.#getScale = getScale
    this.#settings = settings
  }

  /** A counter for messages that have images by URL. */
  withImages(images: KnownImageTokens): TokenCounter {
    return new TokenCounter(this.#getScale, { ...this.#settings, images })
  }

  /** How many of the model's tokens a token of the estimates is, as far as it is known now. */
  get scale(): number {
    return this.#getScale()
  }

  /** Counts a text alone, without what stands around it in a message. */
  countText(text: string): number {
    return this.#scale(estimateTextTokens(text, this.#settings.tokenizer))
  }

  /** The length of the longest beginning of a text that has at most so many tokens, in UTF-16 code units. */
  findBeginningLength(text: string, maxTokens: number): number {
    return findBeginningLength(text, Math.floor(maxTokens) / this.scale, this.#settings.tokenizer)
  }

  /** The same for the end of a text. */
  findEndLength(text: string, maxTokens: number): number {
    return findEndLength(text, Math.floor(maxTokens) / this.scale, this.#settings.tokenizer)
  }

  /** The fewest tokens that a text can be. A scale that makes it longer may have been learned from something else. */
  countTextAtLeast(text: string): number {
    return Math.floor(estimateTextTokens(text, this.#settings.tokenizer) * Math.min(1, this.scale) * leastShare)
  }

  /** Counts messages with everything in them: texts, files, calls and their results. */
  countMessages(messages: readonly ModelMessage[]): number {
    return this.#scale(messages.reduce((tokens, message) => tokens + estimateMessageTokens(message, this.#settings), 0))
  }

  /** Counts what a tool returned, without the call that it belongs to. */
  countToolOutput(output: ToolOutput): number {
    return this.#scale(estimateToolOutputTokens(output, this.#settings))
  }

  /** Counts a value as JSON, such as the schema of a tool. */
  countJson(value: unknown): number {
    return this.#scale(estimateJsonTokens(value, this.#settings))
  }

  #scale(tokens: number): number {
    return Math.ceil(tokens * this.#getScale())
  }
}

/** Counts for a model of which nothing has been learned. */
export const unscaledTokenCounter = new TokenCounter()
