import { createAnthropic } from '@ai-sdk/anthropic'
import { wrapLanguageModel } from 'ai'
import type { SdkModel } from './responses/sdk-types.ts'
import { emptyThoughtSignatureMiddleware } from './state/empty-thought-signature-middleware.ts'

export interface AnthropicModelOptions {
  readonly baseURL: string
  readonly apiKey: string
  readonly fetch: typeof globalThis.fetch
}

/** Creates a model of Anthropic's API. Import this file when a request is sent: the package is the largest of the AI SDK. */
export function createAnthropicModel(name: string, options: AnthropicModelOptions): SdkModel {
  return wrapLanguageModel({ model: createAnthropic(options)(name), middleware: emptyThoughtSignatureMiddleware })
}
