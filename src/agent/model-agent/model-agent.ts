import { jsonSchema, type ModelMessage, tool, type ToolSet } from 'ai'
import { AgentError, type Agent, type AgentEvent, type ToolCallRequest } from '../agent.ts'
import { estimateJsonTokens } from '../estimate-tokens.ts'
import type { SdkLanguageModel } from '../providers/create-language-model.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { toProviderToolSchema } from '../tools/provider-tool-schema.ts'
import type { Tool } from '../tools/tool.ts'
import { formatUnknownTool } from '../tools/tool-executor.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { requestModelStep } from './request-model-step.ts'

export interface ModelAgentOptions {
  readonly model: SdkLanguageModel
  /** Texts that error messages must not contain, such as the API key. */
  readonly secrets?: readonly string[]
  /** The tools that the model is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  /** How many requests one answer may take. The last one allows no tool calls, so that it ends in text. */
  readonly maxSteps: number
  /** Milliseconds without data after which the provider has failed. */
  readonly idleTimeoutMs: number
}

/**
 * Creates an agent for a model of the AI SDK. Each step is one request, built from the current history of the run,
 * because the log is the only source of truth. A step with tool calls is followed by another one, in which the model receives
 * their results. A transient error before the first data is retried. When the signal of the run aborts, the connection
 * is closed and the answer ends as it is.
 */
export function createModelAgent(options: ModelAgentOptions): Agent {
  const { model, secrets = [], toolbox, maxSteps, idleTimeoutMs } = options
  return {
    async *answer(run) {
      let answerHasText = false
      for (let step = 1; !run.signal.aborted; step += 1) {
        const isLast = step >= maxSteps
        const listing = await toolbox?.listTools()
        const tools = listing ? toToolSet(listing.tools) : {}
        const messages = prependToolNotes(await run.loadHistory(), listing?.notes ?? [])
        yield { type: 'step', estimatedInputTokens: estimateJsonTokens(messages) + estimateJsonTokens(tools) }
        const request = { model, secrets, idleTimeoutMs, messages, tools, allowsToolCalls: !isLast, step, run }
        const { calls, hasText } = yield* requestModelStep(request)
        if (run.signal.aborted) return
        // Some models write their text before the tool calls, and end without any.
        answerHasText ||= hasText
        if (calls.length === 0) {
          if (answerHasText) return
          throw new AgentError('NO_RESPONSE', formatNoResponse(isLast && step > 1 ? maxSteps : null))
        }
        if (toolbox && !isLast) yield* toolbox.execute(calls, run)
        else yield* rejectToolCalls(calls, toolbox ? `This answer has used all of its ${maxSteps} steps.` : null)
        if (isLast) return
      }
    },
  }
}

function formatNoResponse(maxSteps: number | null): string {
  if (maxSteps === null) return 'The model ended without an answer. Try again or rephrase.'
  return `The model had no answer after ${maxSteps} steps, which is the limit. Ask it to continue.`
}

/** Tells the model about its tools in the system message. Many models accept only one, as the first message. */
function prependToolNotes(messages: readonly ModelMessage[], notes: readonly string[]): readonly ModelMessage[] {
  if (notes.length === 0) return messages
  const [first, ...rest] = messages
  return first?.role === 'system'
    ? [{ ...first, content: [first.content, ...notes].join('\n\n') }, ...rest]
    : [{ role: 'system', content: notes.join('\n\n') }, ...messages]
}

function toToolSet(tools: readonly Tool[]): ToolSet {
  const all = [clarifyTool, ...tools]
  return Object.fromEntries(
    all.map((each) => {
      const { description, inputSchema } = toProviderToolSchema(each)
      return [each.name, tool({ description, inputSchema: jsonSchema({ ...inputSchema, type: 'object' }) })]
    }),
  )
}

/** Fails calls that the model was not allowed to make. Without a reason, their tools do not exist. */
function* rejectToolCalls(calls: readonly ToolCallRequest[], reason: string | null): Generator<AgentEvent> {
  for (const call of calls) {
    yield { type: 'tool-call', ...call }
    yield { type: 'tool-error', callId: call.callId, error: reason ?? formatUnknownTool(call.name) }
  }
}
