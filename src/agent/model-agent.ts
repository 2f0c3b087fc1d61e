import { streamText } from 'ai'
import type { LanguageModel, ModelMessage } from 'ai'
import { AgentError, estimateTokens } from './agent.ts'
import type { Agent, AgentEvent, AgentRun } from './agent.ts'
import { toAgentError } from './provider-error.ts'
import { stepEvents } from './step-events.ts'
import type { StepOutcome } from './step-events.ts'

// Meant for programmers, the SDK's warnings would stand between the lines of the log, one for every request.
globalThis.AI_SDK_LOG_WARNINGS = false

export interface ModelAgentOptions {
  readonly model: LanguageModel
  /** What must not be seen in an error's message, such as the provider's key. */
  readonly secrets?: readonly string[]
  /** How many requests one answer may take before it just ends; 20 by default. */
  readonly maxSteps?: number
}

/**
 * An agent that is a model of the AI SDK. Each step is one request, built anew from the run's history, for the log is
 * the only truth of what was said; a step that ends in tool calls is followed by another one, so that the model is
 * told what came of them. Nothing is tried twice here. When the run's signal aborts, the connection is closed and the
 * answer ends where it stands.
 */
export function modelAgent({ model, secrets = [], maxSteps = 20 }: ModelAgentOptions): Agent {
  return {
    async *answer(run) {
      for (let step = 1; step <= maxSteps && !run.signal.aborted; step += 1) {
        const messages = await run.history()
        yield { type: 'step', estimatedInputTokens: estimateTokens(lengthOf(messages)) }
        const { calls, spoke } = yield* request(model, messages, step, run, secrets)
        if (run.signal.aborted) return
        if (calls.length === 0) {
          if (!spoke) throw new AgentError('NO_RESPONSE', 'The model ended without an answer: try again or rephrase.')
          return
        }
        for (const { callId, name } of calls) {
          yield { type: 'tool-error', callId, error: `There is no tool named ${JSON.stringify(name)}.` }
        }
      }
    },
  }
}

async function* request(
  model: LanguageModel,
  messages: readonly ModelMessage[],
  step: number,
  run: AgentRun,
  secrets: readonly string[],
): AsyncGenerator<AgentEvent, StepOutcome> {
  const leaving = new AbortController()
  try {
    const { stream } = streamText({
      model,
      messages: [...messages],
      allowSystemInMessages: true,
      maxRetries: 0,
      abortSignal: AbortSignal.any([run.signal, leaving.signal]),
      // Errors come through the stream as well; by itself the SDK prints them.
      onError: () => {},
    })
    return yield* stepEvents(stream, step)
  } catch (error) {
    if (run.signal.aborted) return { calls: [], spoke: false }
    throw toAgentError(error, secrets)
  } finally {
    // Whoever stops reading early leaves a connection behind otherwise.
    leaving.abort()
  }
}

/** The length of the messages as JSON, without what the bytes of files would add: they are not counted by length. */
function lengthOf(messages: readonly ModelMessage[]): number {
  const withoutBytes = (_key: string, value: unknown) =>
    (typeof value === 'string' && value.startsWith('data:')) || ArrayBuffer.isView(value) ? '' : value
  return JSON.stringify(messages, withoutBytes).length
}
