import { setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage, ToolSet } from 'ai'
import { convertToLanguageModelPrompt, prepareToolChoice, prepareTools } from 'ai/internal'
import { withIdleTimeout } from '../../lib/async/with-idle-timeout.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../agent.ts'
import { toAgentError } from '../providers/errors/classify-provider-error.ts'
import type { ProviderModel } from '../providers/provider-model.ts'
import type { SdkRequest } from '../providers/responses/sdk-types.ts'
import { isModelResponseProgress } from './is-model-response-progress.ts'
import { mapStreamParts } from './stream-parts/map-stream-parts.ts'
import type { ModelRequestPolicy } from '../providers/http/model-request-policy.ts'
import { ModelRequestRetryPolicy } from './model-request-retry-policy.ts'
import type { InlineThoughtMemory, ModelStepResult } from './stream-parts/stream-part-mapper.ts'

export interface ModelStepRequest {
  readonly model: ProviderModel
  readonly messages: readonly ModelMessage[]
  /** Some providers require the tools in every request of a chat with tool calls. */
  readonly tools: ToolSet
  /** The effort that the model is asked for; null for its own default. */
  readonly effort: Effort | null
  readonly allowsToolCalls: boolean
  /** The longest answer that is asked for, in tokens. Default: what the format of the request asks for by itself. */
  readonly maxOutputTokens?: number | undefined
  /** The number of the step within the answer. */
  readonly step: number
  readonly run: AgentRun
  readonly thoughtMemory: InlineThoughtMemory
  /** Texts that error messages must not contain. */
  readonly secrets: readonly string[]
  readonly requestPolicy: ModelRequestPolicy
}

const noResult: ModelStepResult = { calls: [], hasContent: false, finishReason: null }

/**
 * Sends one request. Retries a transient error as long as the provider has not begun to respond; while it waits because the
 * provider asked it to, it yields that. Throws an AgentError.
 */
export async function* requestModelStep(request: ModelStepRequest): AsyncGenerator<AgentEvent, ModelStepResult> {
  const { run, secrets, requestPolicy } = request
  const retryPolicy = new ModelRequestRetryPolicy(requestPolicy)
  for (;;) {
    let hasResponseStarted = false
    const events = streamRequest(request, () => (hasResponseStarted = true))
    try {
      return yield* events
    } catch (error) {
      if (run.signal.aborted) return noResult
      const retry = hasResponseStarted ? null : retryPolicy.planRetry(error)
      if (!retry) throw toAgentError(error, secrets, retryPolicy.findRetryTime(error))
      const { delayMs, retryAt } = retry
      if (retryAt !== null) yield { type: 'retry-wait', retryAt }
      // An abort ends the delay.
      await delay(delayMs, undefined, { signal: run.signal }).catch(() => undefined)
      if (run.signal.aborted) return noResult
    }
  }
}

async function* streamRequest(
  request: ModelStepRequest,
  onResponseStart: () => void,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const { model, run, requestPolicy } = request
  const abortController = new AbortController()
  const { progressTimeoutMs, queue, priority } = requestPolicy
  const release = await queue.acquire(priority, run.signal)
  try {
    const signal = AbortSignal.any([run.signal, abortController.signal])
    const batches = model.stream(await toSdkRequest(request, signal), onResponseStart)
    const timedBatches = withIdleTimeout(batches, progressTimeoutMs, createProgressTimeoutError, {
      isActivity: (parts) => parts.some(isModelResponseProgress),
    })
    return yield* mapStreamParts(timedBatches, run.storeFile, request)
  } finally {
    // Closes the connection if the consumer stops early.
    abortController.abort()
    release()
  }
}

async function toSdkRequest(
  { model, messages, tools, effort, allowsToolCalls, maxOutputTokens }: ModelStepRequest,
  abortSignal: AbortSignal,
): Promise<SdkRequest> {
  const prompt = await convertToLanguageModelPrompt({
    prompt: { instructions: undefined, messages: [...messages] },
    supportedUrls: await model.supportedUrls,
    // The SDK shall not download files: https URLs are passed on to the provider.
    download: async (files) => files.map(() => null),
    provider: model.provider.replace(/\..*$/s, ''),
  })
  const preparedTools = await prepareTools({ tools, toolsContext: {} })
  return {
    prompt,
    ...(preparedTools && { tools: preparedTools }),
    toolChoice: prepareToolChoice({ toolChoice: allowsToolCalls ? 'auto' : 'none' }),
    ...(effort !== null && { reasoning: effort }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    abortSignal,
  }
}

function createProgressTimeoutError(progressTimeoutMs: number): AgentError {
  const seconds = Math.round(progressTimeoutMs / 100) / 10
  return new AgentError(
    'TIMEOUT',
    `The provider kept the connection open, but sent nothing of the answer for ${seconds} seconds. Try again.`,
  )
}
