import { setTimeout as delay } from 'node:timers/promises'
import { type LanguageModelMiddleware, type ModelMessage, streamText, type ToolSet, wrapLanguageModel } from 'ai'
import { withIdleTimeout } from '../../lib/async/with-idle-timeout.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../agent.ts'
import { toAgentError } from '../providers/errors/classify-provider-error.ts'
import type { SdkLanguageModel } from '../providers/create-language-model.ts'
import { isModelResponseProgress } from './is-model-response-progress.ts'
import { mapStreamParts } from './stream-parts/map-stream-parts.ts'
import type { ModelRequestPolicy } from '../providers/http/model-request-policy.ts'
import { ModelRequestRetryPolicy } from './model-request-retry-policy.ts'
import type { InlineThoughtMemory, ModelStepResult } from './stream-parts/stream-part-mapper.ts'

export interface ModelStepRequest {
  readonly model: SdkLanguageModel
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
  {
    model,
    messages,
    tools,
    effort,
    allowsToolCalls,
    maxOutputTokens,
    step,
    run,
    thoughtMemory,
    requestPolicy,
  }: ModelStepRequest,
  onResponseStart: () => void,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const abortController = new AbortController()
  const { progressTimeoutMs, queue, priority } = requestPolicy
  const release = await queue.acquire(priority, run.signal)
  try {
    const { stream } = streamText({
      model: wrapLanguageModel({ model, middleware: createResponseStartMiddleware(onResponseStart) }),
      messages: [...messages],
      tools,
      toolChoice: allowsToolCalls ? 'auto' : 'none',
      ...(effort !== null && { reasoning: effort }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      // The SDK shall not download files: https URLs are passed on to the provider.
      experimental_download: async (files) => files.map(() => null),
      allowSystemInMessages: true,
      maxRetries: 0,
      abortSignal: AbortSignal.any([run.signal, abortController.signal]),
      // By default the SDK prints errors, which the stream reports as well.
      onError: () => {},
    })
    const parts = withIdleTimeout(stream, progressTimeoutMs, createProgressTimeoutError, {
      isActivity: isModelResponseProgress,
    })
    return yield* mapStreamParts(parts, step, run.storeFile, thoughtMemory)
  } finally {
    // Closes the connection if the consumer stops early.
    abortController.abort()
    release()
  }
}

/** Reports when the provider begins to respond. From then on it charges for the request, so that it is not retried. */
function createResponseStartMiddleware(onResponseStart: () => void): LanguageModelMiddleware {
  return {
    specificationVersion: 'v4',
    wrapStream: async ({ doStream }) => {
      const response = await doStream()
      onResponseStart()
      return response
    },
  }
}

function createProgressTimeoutError(progressTimeoutMs: number): AgentError {
  const seconds = Math.round(progressTimeoutMs / 100) / 10
  return new AgentError(
    'TIMEOUT',
    `The provider kept the connection open, but sent nothing of the answer for ${seconds} seconds. Try again.`,
  )
}
