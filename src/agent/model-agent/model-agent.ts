import { setTimeout as delay } from 'node:timers/promises'
import { jsonSchema, streamText, tool, wrapLanguageModel } from 'ai'
import type { LanguageModelMiddleware, ModelMessage, ToolSet } from 'ai'
import { AgentError } from '../agent.ts'
import type { Agent, AgentEvent, AgentRun } from '../agent.ts'
import type { ProvidedModel } from '../providers/create-language-model.ts'
import { isPassing, toAgentError } from '../providers/classify-provider-error.ts'
import { withoutSilence } from '../../lib/with-idle-timeout.ts'
import { stepEvents } from './map-stream-parts.ts'
import type { StepOutcome } from './map-stream-parts.ts'
import { tokensOf } from '../estimate-tokens.ts'
import { clarify } from '../tools/clarify-tool.ts'
import { offeredForm } from '../tools/provider-tool-schema.ts'
import { runCalls } from '../tools/execute-tool-calls.ts'
import type { Tool } from '../tools/tool.ts'
import type { Toolbox } from '../tools/toolbox.ts'

// Meant for programmers, the SDK's warnings would stand between the lines of the log, one for every request.
globalThis.AI_SDK_LOG_WARNINGS = false

export interface ModelAgentOptions {
  readonly model: ProvidedModel
  /** What must not be seen in an error's message, such as the provider's key. */
  readonly secrets?: readonly string[]
  /** The tools that it is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  /** How many requests one answer may take; 20 by default. In the last one it may call no tools, so that it is an answer. */
  readonly maxSteps?: number
  /** A provider that sends nothing for so many milliseconds has failed; 120,000 by default. */
  readonly silence?: number
}

/**
 * An agent that is a model of the AI SDK. Each step is one request, built anew from the run's history, for the log is
 * the only truth of what was said; a step that ends in tool calls is followed by another one, so that the model is
 * told what came of them. A request that failed in passing before anything came of it is sent again, at most twice.
 * When the run's signal aborts, the connection is closed and the answer ends where it stands.
 */
export function modelAgent(options: ModelAgentOptions): Agent {
  const { model, secrets = [], toolbox, maxSteps = 20, silence = 120_000 } = options
  const asked = { model, secrets, silence }
  return {
    async *answer(run) {
      let spoken = false
      for (let step = 1; !run.signal.aborted; step += 1) {
        const isLast = step >= maxSteps
        const tools = toolbox ? offered(await toolbox.tools()) : {}
        const messages = await run.history()
        yield { type: 'step', estimatedInputTokens: tokensOf(messages) + tokensOf(tools) }
        const { calls, spoke } = yield* patientRequest({ ...asked, messages, tools, mayCall: !isLast, step, run })
        if (run.signal.aborted) return
        // Some models say what they have to say before their calls, and end with nothing.
        spoken ||= spoke
        if (calls.length === 0) {
          if (!spoken) throw new AgentError('NO_RESPONSE', silent(isLast && step > 1 ? maxSteps : null))
          return
        }
        if (toolbox && !isLast) yield* runCalls(calls, toolbox, run)
        else yield* refused(calls, toolbox ? `This answer has taken its ${maxSteps} steps.` : null)
        if (isLast) return
      }
    },
  }
}

function silent(steps: number | null): string {
  if (steps === null) return 'The model ended without an answer: try again or rephrase.'
  return `After ${steps} steps, as many as an answer may take, the model had no answer: ask it to go on.`
}

function offered(tools: ReadonlyMap<string, Tool>): ToolSet {
  const all = [clarify, ...tools.values()]
  return Object.fromEntries(
    all.map((each) => {
      const { description, inputSchema } = offeredForm(each)
      return [each.name, tool({ description, inputSchema: jsonSchema({ ...inputSchema, type: 'object' }) })]
    }),
  )
}

/** Calls of a model that was offered no tools. */
function* refused(calls: StepOutcome['calls'], why: string | null): Generator<AgentEvent> {
  for (const call of calls) {
    yield call
    const error = why ?? `There is no tool named ${JSON.stringify(call.name)}.`
    yield { type: 'tool-error', callId: call.callId, error }
  }
}

interface Request {
  readonly model: ProvidedModel
  readonly messages: readonly ModelMessage[]
  /** Some providers want to be told of tools wherever calls were made before. */
  readonly tools: ToolSet
  readonly mayCall: boolean
  readonly step: number
  readonly run: AgentRun
  readonly secrets: readonly string[]
  readonly silence: number
}

/** How often a request is sent again, how long after, and when it is too late for that: in milliseconds. */
const retries = { pauses: [250, 1000], within: 5000 }

/** A request that is sent again as long as the provider has not begun to answer it and what went wrong may pass. */
async function* patientRequest(request: Request): AsyncGenerator<AgentEvent, StepOutcome> {
  const { run, secrets } = request
  const begun = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    let answered = false
    const events = send(request, () => (answered = true))
    try {
      return yield* events
    } catch (error) {
      if (run.signal.aborted) return { calls: [], spoke: false }
      const pause = retries.pauses[attempt]
      const hopeless = answered || pause === undefined || !isPassing(error)
      if (hopeless || performance.now() - begun + pause > retries.within) throw toAgentError(error, secrets)
      // An abort ends the wait at once.
      await delay(pause, undefined, { signal: run.signal }).catch(() => undefined)
    }
  }
}

async function* send(
  { model, messages, tools, mayCall, step, run, silence }: Request,
  onAnswer: () => void,
): AsyncGenerator<AgentEvent, StepOutcome> {
  const leaving = new AbortController()
  try {
    const { stream } = streamText({
      model: wrapLanguageModel({ model, middleware: told(onAnswer) }),
      messages: [...messages],
      tools,
      toolChoice: mayCall ? 'auto' : 'none',
      // What was given as https is passed on as it is: nothing is fetched from here.
      experimental_download: async (files) => files.map(() => null),
      allowSystemInMessages: true,
      maxRetries: 0,
      abortSignal: AbortSignal.any([run.signal, leaving.signal]),
      // Errors come through the stream as well; by itself the SDK prints them.
      onError: () => {},
    })
    return yield* stepEvents(withoutSilence(stream, silence), step)
  } finally {
    // Whoever stops reading early leaves a connection behind otherwise.
    leaving.abort()
  }
}

/** Tells when a provider begins to answer: what it sent until then was no refusal, and it will want to be paid for it. */
function told(onAnswer: () => void): LanguageModelMiddleware {
  return {
    specificationVersion: 'v4',
    wrapStream: async ({ doStream }) => {
      const answer = await doStream()
      onAnswer()
      return answer
    },
  }
}
