import { setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage, ToolSet } from 'ai'
import { convertToLanguageModelPrompt, prepareToolChoice, prepareTools } from 'ai/internal'
import { withIdleTimeout } from '../../lib/async/iterables/with-idle-timeout.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../agent.ts'
import { toAgentError } from '../providers/errors/classify-provider-error.ts'
import type { ProviderModel } from '../providers/provider-model.ts'
import type { ResponsePart, SdkRequest } from '../providers/responses/sdk-types.ts'
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
  /** Called with each event of the response, before it is yielded. */
  readonly onEvent: (event: AgentEvent) => void
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
    try {
      using attempt = await startAttempt(request, () => (hasResponseStarted = true))
      return yield* mapStreamParts(attempt.parts, request)
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

interface RequestAttempt extends Disposable {
  /** Those that arrive together at once. */
  readonly parts: AsyncIterable<readonly ResponsePart[]>
}

/** Sends the request when it is its turn, and closes the connection at the end, also if the consumer stops early. */
async function startAttempt(request: ModelStepRequest, onResponseStart: () => void): Promise<RequestAttempt> {
  const { model, run, requestPolicy } = request
  const { progressTimeoutMs, queue, priority } = requestPolicy
  const abortController = new AbortController()
  const release = await queue.acquire(priority, run.signal)
  const close = (): void => {
    abortController.abort()
    release()
  }
  try {
    const signal = AbortSignal.any([run.signal, abortController.signal])
    const batches = model.stream(await toSdkRequest(request, signal), onResponseStart)
    const parts = withIdleTimeout(batches, progressTimeoutMs, createProgressTimeoutError, {
      isActivity: (batch) => batch.some(isModelResponseProgress),
    })
    return { parts, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
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
