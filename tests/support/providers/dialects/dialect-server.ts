import type { ProviderErrorKind } from '../../../../src/agent/providers/dialect.ts'
import type { ProviderType } from '../../../../src/config/profile/provider.ts'
import type { ResponseWriter } from './response-writer.ts'

/** A scripted server that speaks one dialect: what it sends, right and wrong, and what Segue must make of it. */
export interface DialectServer {
  /** The name of the dialect, with a note if there are several servers for it. */
  readonly name: string
  readonly type: ProviderType
  /** The path of its base URL. */
  readonly path: string
  /** Headers of every response. */
  readonly headers?: Readonly<Record<string, string>>
  /** A new response. */
  newResponse(): ResponseWriter
  /** The figures of an answer in its own form: 12 input tokens, of which 4 were cached, and 5 output tokens. */
  readonly usage: object
  /** Whether `usage` tells the cached tokens. Default: true. */
  readonly tellsCachedTokens?: boolean
  /** Its finish reasons beside `stop` and `length`, or their names in its format. */
  readonly finishReasons: Readonly<
    Record<string, 'STOP' | 'LENGTH' | 'TOOL_CALLS' | 'CONTENT_FILTER' | 'REFUSAL' | 'OTHER'>
  >
  /** Its errors, each with what it says in its own words. */
  readonly errors: readonly DialectError[]
  /** Its list of models, in which `m` is the only one that chats. Null: it has none. */
  readonly modelList: object | null
  /** The context window of `m` in the list; null if the list does not tell it. */
  readonly listedContextWindow: number | null
  /** A whole answer with state that only the provider can read: the text `opaque-state`. Left out: it has none. */
  readonly answerWithState?: string
  /** Responses that ask Segue to wait, with the milliseconds. */
  readonly retries: readonly DialectRetry[]
}

export interface DialectError {
  /** One that has no codes of its own has no `ProviderErrorKind`. */
  readonly kind: ProviderErrorKind | 'tokens-per-minute'
  readonly status: number
  readonly body: unknown
  /** A part of the provider's own words. */
  readonly words: string
}

export interface DialectRetry {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly delayMs: number
}

/** An error in the form of OpenAI. */
export const openAIError = (message: string, fields: object = {}): object => ({ error: { message, ...fields } })
/** An error in the form of Anthropic. */
export const anthropicError = (type: string, message: string): object => ({ type: 'error', error: { type, message } })
/** A list of models in the form of OpenAI: the chat model `m`, and one that embeds. */
export const newModelList = (chatFields: object = {}, otherFields: object = {}): object => ({
  object: 'list',
  data: [
    { id: 'm', object: 'model', created: 1, owned_by: 'test', ...chatFields },
    { id: 'text-embedding-x', object: 'model', created: 1, owned_by: 'test', ...otherFields },
  ],
})
/** Usage in the form of OpenAI. */
export const openAIUsage = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 4 },
}
