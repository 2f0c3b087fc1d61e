import { setTimeout as delay } from 'node:timers/promises'
import { jsonSchema, streamText, tool, wrapLanguageModel } from 'ai'
import type { LanguageModelMiddleware, ModelMessage, ToolSet } from 'ai'
import { AgentError, type Agent, type AgentEvent, type AgentRun } from '../agent.ts'
import type { SdkLanguageModel } from '../providers/create-language-model.ts'
import { isRetryable, toAgentError } from '../providers/classify-provider-error.ts'
import { withIdleTimeout } from '../../lib/with-idle-timeout.ts'
import { mapStreamParts, type StepResult } from './map-stream-parts.ts'
import { estimateJsonTokens } from '../estimate-tokens.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { toProviderToolSchema } from '../tools/provider-tool-schema.ts'
import { executeToolCalls } from '../tools/execute-tool-calls.ts'
import type { Tool } from '../tools/tool.ts'
import type { Toolbox } from '../tools/toolbox.ts'

// Meant for programmers, the SDK's warnings would stand between the lines of the log, one for every request.
globalThis.AI_SDK_LOG_WARNINGS = false

export interface ModelAgentOptions {
  readonly model: SdkLanguageModel
  /** What must not be seen in an error's message, such as the provider's key. */
  readonly secrets?: readonly string[]
  /** The tools that it is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  /** How many requests one answer may take; 20 by default. In the last one it may call no tools, so that it is an answer. */
  readonly maxSteps?: number
  /** A provider that sends nothing for so many milliseconds has failed; 120,000 by default. */
  readonly idleTimeoutMs?: number
}

/**
 * An agent that is a model of the AI SDK. Each step is one request, built anew from the run's history, for the log is
 * the only truth of what was said; a step that ends in tool calls is followed by another one, so that the model is
 * told what came of them. A request that failed in passing before anything came of it is sent again, at most twice.
 * When the run's signal aborts, the connection is closed and the answer ends where it stands.
 */
export function createModelAgent(options: ModelAgentOptions): Agent {
  const { model, secrets = [], toolbox, maxSteps = 20, idleTimeoutMs = 120_000 } = options
  const requestOptions = { model, secrets, idleTimeoutMs }
  return {
    async *answer(run) {
      let answerHasText = false
      for (let step = 1; !run.signal.aborted; step += 1) {
        const isLast = step >= maxSteps
        const tools = toolbox ? toToolSet(await toolbox.tools()) : {}
        const messages = await run.history()
        yield { type: 'step', estimatedInputTokens: estimateJsonTokens(messages) + estimateJsonTokens(tools) }
        const { calls, hasText } = yield* requestWithRetry({
          ...requestOptions,
          messages,
          tools,
          allowsToolCalls: !isLast,
          step,
          run,
        })
        if (run.signal.aborted) return
        // Some models say what they have to say before their calls, and end with nothing.
        answerHasText ||= hasText
        if (calls.length === 0) {
          if (!answerHasText)
            throw new AgentError('NO_RESPONSE', formatNoResponseMessage(isLast && step > 1 ? maxSteps : null))
          return
        }
        if (toolbox && !isLast) yield* executeToolCalls(calls, toolbox, run)
        else yield* rejectToolCalls(calls, toolbox ? `This answer has taken its ${maxSteps} steps.` : null)
        if (isLast) return
      }
    },
  }
}

function formatNoResponseMessage(steps: number | null): string {
  if (steps === null) return 'The model ended without an answer: try again or rephrase.'
  return `After ${steps} steps, as many as an answer may take, the model had no answer: ask it to go on.`
}

function toToolSet(tools: ReadonlyMap<string, Tool>): ToolSet {
  const all = [clarifyTool, ...tools.values()]
  return Object.fromEntries(
    all.map((each) => {
      const { description, inputSchema } = toProviderToolSchema(each)
      return [each.name, tool({ description, inputSchema: jsonSchema({ ...inputSchema, type: 'object' }) })]
    }),
  )
}

/** Calls of a model that was offered no tools. */
function* rejectToolCalls(calls: StepResult['calls'], reason: string | null): Generator<AgentEvent> {
  for (const call of calls) {
    yield call
    const error = reason ?? `There is no tool named ${JSON.stringify(call.name)}.`
    yield { type: 'tool-error', callId: call.callId, error }
  }
}

interface StepRequest {
  readonly model: SdkLanguageModel
  readonly messages: readonly ModelMessage[]
  /** Some providers want to be told of tools wherever calls were made before. */
  readonly tools: ToolSet
  readonly allowsToolCalls: boolean
  readonly step: number
  readonly run: AgentRun
  readonly secrets: readonly string[]
  readonly idleTimeoutMs: number
}

/** How often a request is sent again, how long after, and when it is too late for that: in milliseconds. */
const retryPolicy = { pauses: [250, 1000], within: 5000 }

/** A request that is sent again as long as the provider has not begun to answer it and what went wrong may pass. */
async function* requestWithRetry(request: StepRequest): AsyncGenerator<AgentEvent, StepResult> {
  const { run, secrets } = request
  const startedAt = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    let hasResponseStarted = false
    const events = streamRequest(request, () => (hasResponseStarted = true))
    try {
      return yield* events
    } catch (error) {
      if (run.signal.aborted) return { calls: [], hasText: false }
      const delayMs = retryPolicy.pauses[attempt]
      const isFinal = hasResponseStarted || delayMs === undefined || !isRetryable(error)
      if (isFinal || performance.now() - startedAt + delayMs > retryPolicy.within) throw toAgentError(error, secrets)
      // An abort ends the wait at once.
      await delay(delayMs, undefined, { signal: run.signal }).catch(() => undefined)
    }
  }
}

async function* streamRequest(
  { model, messages, tools, allowsToolCalls, step, run, idleTimeoutMs }: StepRequest,
  onResponseStart: () => void,
): AsyncGenerator<AgentEvent, StepResult> {
  const abortController = new AbortController()
  try {
    const { stream } = streamText({
      model: wrapLanguageModel({ model, middleware: createResponseStartMiddleware(onResponseStart) }),
      messages: [...messages],
      tools,
      toolChoice: allowsToolCalls ? 'auto' : 'none',
      // What was given as https is passed on as it is: nothing is fetched from here.
      experimental_download: async (files) => files.map(() => null),
      allowSystemInMessages: true,
      maxRetries: 0,
      abortSignal: AbortSignal.any([run.signal, abortController.signal]),
      // Errors come through the stream as well; by itself the SDK prints them.
      onError: () => {},
    })
    return yield* mapStreamParts(withIdleTimeout(stream, idleTimeoutMs, createIdleTimeoutError), step)
  } finally {
    // Whoever stops reading early leaves a connection behind otherwise.
    abortController.abort()
  }
}

/** Tells when a provider begins to answer: what it sent until then was no refusal, and it will want to be paid for it. */
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
  return new AgentError('TIMEOUT', `The provider sent nothing for ${seconds} seconds. Try again.`)
}
