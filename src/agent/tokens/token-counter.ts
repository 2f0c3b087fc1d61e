import type { ModelMessage } from 'ai'
import type { KnownImageTokens } from './estimate-image-tokens.ts'
import { estimateJsonTokens, estimateMessageTokens, estimateToolOutputTokens } from './estimate-message-tokens.ts'
import { estimateTextTokens, findBeginningLength, findEndLength } from './estimate-text-tokens.ts'

type ToolOutput = Parameters<typeof estimateToolOutputTokens>[0]

/** A text is at least this share of its estimate, whatever the tokenizer. */
const leastShare = 0.6

/** Counts tokens about as one model does. Counts are whole numbers. */
export class TokenCounter {
  readonly #getScale: () => number
  readonly #images: KnownImageTokens | undefined

  /**
   * `getScale`: how many of the model's tokens a token of the estimates is. It may change while more is learned. `images`:
   * the tokens of images that messages have by URL, before the scale.
   */
  constructor(getScale: () => number = () => 1, images?: KnownImageTokens) {
    this.#getScale = getScale
    this.#images = images
  }

  /** A counter for messages that have images by URL. */
  withImages(images: KnownImageTokens): TokenCounter {
    return new TokenCounter(this.#getScale, images)
  }

  /** How many of the model's tokens a token of the estimates is, as far as it is known now. */
  get scale(): number {
    return this.#getScale()
  }

  /** Counts a text alone, without what stands around it in a message. */
  countText(text: string): number {
    return this.#scale(estimateTextTokens(text))
  }

  /** The length of the longest beginning of a text that has at most so many tokens, in UTF-16 code units. */
  findBeginningLength(text: string, maxTokens: number): number {
    return findBeginningLength(text, Math.floor(maxTokens) / this.scale)
  }

  /** The same for the end of a text. */
  findEndLength(text: string, maxTokens: number): number {
    return findEndLength(text, Math.floor(maxTokens) / this.scale)
  }

  /** The fewest tokens that a text can be. A scale that makes it longer may have been learned from something else. */
  countTextAtLeast(text: string): number {
    return Math.floor(estimateTextTokens(text) * Math.min(1, this.scale) * leastShare)
  }

  /** Counts messages with everything in them: texts, files, calls and their results. */
  countMessages(messages: readonly ModelMessage[]): number {
    return this.#scale(messages.reduce((tokens, message) => tokens + estimateMessageTokens(message, this.#images), 0))
  }

  /** Counts what a tool returned, without the call that it belongs to. */
  countToolOutput(output: ToolOutput): number {
    return this.#scale(estimateToolOutputTokens(output, this.#images))
  }

  /** Counts a value as JSON, such as the schema of a tool. */
  countJson(value: unknown): number {
    return this.#scale(estimateJsonTokens(value))
  }

  #scale(tokens: number): number {
    return Math.ceil(tokens * this.#getScale())
  }
}

/** Counts for a model of which nothing has been learned. */
export const unscaledTokenCounter = new TokenCounter()
