import { setTimeout as delay } from 'node:timers/promises'
import { type LanguageModelMiddleware, type ModelMessage, streamText, type ToolSet, wrapLanguageModel } from 'ai'
import { withIdleTimeout } from '../../lib/async/with-idle-timeout.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../agent.ts'
import { isRetryableProviderError, toAgentError } from '../providers/errors/classify-provider-error.ts'
import type { SdkLanguageModel } from '../providers/create-language-model.ts'
import { mapStreamParts } from './map-stream-parts.ts'
import type { ModelStepResult } from './stream-part-mapper.ts'

export interface ModelStepRequest {
  readonly model: SdkLanguageModel
  readonly messages: readonly ModelMessage[]
  /** Some providers require the tools in every request of a chat with tool calls. */
  readonly tools: ToolSet
  readonly allowsToolCalls: boolean
  /** The number of the step within the answer. */
  readonly step: number
  readonly run: AgentRun
  /** Texts that error messages must not contain. */
  readonly secrets: readonly string[]
  readonly idleTimeoutMs: number
}

/** Delays before each retry, in milliseconds. */
const retryDelaysMs = [250, 1000]
/** No retry begins later than this after the first attempt. */
const maxRetryPeriodMs = 5000

/** Sends one request. Retries a transient error as long as the provider has not begun to respond. Throws an AgentError. */
export async function* requestModelStep(request: ModelStepRequest): AsyncGenerator<AgentEvent, ModelStepResult> {
  const { run, secrets } = request
  const startedAt = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    let hasResponseStarted = false
    const events = streamRequest(request, () => (hasResponseStarted = true))
    try {
      return yield* events
    } catch (error) {
      if (run.signal.aborted) return { calls: [], hasText: false }
      const delayMs = retryDelaysMs[attempt]
      const isFinal = hasResponseStarted || delayMs === undefined || !isRetryableProviderError(error)
      if (isFinal || performance.now() - startedAt + delayMs > maxRetryPeriodMs) throw toAgentError(error, secrets)
      // An abort ends the delay.
      await delay(delayMs, undefined, { signal: run.signal }).catch(() => undefined)
    }
  }
}

async function* streamRequest(
  { model, messages, tools, allowsToolCalls, step, run, idleTimeoutMs }: ModelStepRequest,
  onResponseStart: () => void,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const abortController = new AbortController()
  try {
    const { stream } = streamText({
      model: wrapLanguageModel({ model, middleware: createResponseStartMiddleware(onResponseStart) }),
      messages: [...messages],
      tools,
      toolChoice: allowsToolCalls ? 'auto' : 'none',
      // The SDK shall not download files: https URLs are passed on to the provider.
      experimental_download: async (files) => files.map(() => null),
      allowSystemInMessages: true,
      maxRetries: 0,
      abortSignal: AbortSignal.any([run.signal, abortController.signal]),
      // By default the SDK prints errors, which the stream reports as well.
      onError: () => {},
    })
    return yield* mapStreamParts(withIdleTimeout(stream, idleTimeoutMs, createIdleTimeoutError), step)
  } finally {
    // Closes the connection if the consumer stops early.
    abortController.abort()
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

function createIdleTimeoutError(idleTimeoutMs: number): AgentError {
  const seconds = Math.round(idleTimeoutMs / 100) / 10
  return new AgentError('TIMEOUT', `The provider sent no data for ${seconds} seconds. Try again.`)
}
