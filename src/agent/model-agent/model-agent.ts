import { AgentError, type Agent, type AgentEvent, type ToolCallRequest } from '../agent.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import type { FinishReason } from '../../model/stream.ts'
import type { ProviderModel } from '../providers/provider-model.ts'
import { defaultDialect, type ProviderToolLimits } from '../providers/dialect.ts'
import { endForBudget, noteBudget } from './budget-end.ts'
import { formatUnknownTool } from '../tools/tool-executor.ts'
import { type TokenCounter, unscaledTokenCounter } from '../tokens/token-counter.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { ModelRequestPolicy } from '../providers/http/model-request-policy.ts'
import type { ModelObserver } from './model-observer.ts'
import { ModelStepRequester } from './model-step-requester.ts'
import type { InlineThoughtMemory } from './stream-parts/stream-part-mapper.ts'

export interface ModelAgentOptions {
  readonly model: ProviderModel
  /** Texts that error messages must not contain, such as the API key. */
  readonly secrets?: readonly string[]
  /** The tools that the model is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  /** What the provider accepts of tools. Default: what any provider accepts. */
  readonly toolLimits?: ProviderToolLimits
  /** Remembers what the requests show about the model. */
  readonly observer?: ModelObserver
  /** For the input and the answer, in tokens. Default: infinite. */
  readonly contextWindow?: number
  /** The longest answer, in tokens. Null, the default: not known. */
  readonly maxOutputTokens?: number | null
  /** Whether each request says how long its answer may be, as in Anthropic's format. Default: no. */
  readonly statesOutputLimit?: boolean
  /** The efforts that the model takes, as far as it is known now, least first. Default: none. */
  readonly listEfforts?: () => readonly Effort[]
  /** Counts tokens as the model does. Default: with estimates. */
  readonly tokenCounter?: TokenCounter
  /** How many requests one answer may take. The last one allows no tool calls, so that it ends in text. */
  readonly maxSteps: number
  readonly requestPolicy: ModelRequestPolicy
}

/**
 * Creates an agent for a model. Each step is one request, built from the current history of the run,
 * because the log is the only source of truth. A step with tool calls is followed by another one, in which the model receives
 * their results. A transient error before the first data is retried, and so is a refusal that a changed request avoids. When
 * the signal of the run aborts, the connection is closed and the answer ends as it is.
 */
export function createModelAgent(options: ModelAgentOptions): Agent {
  const { secrets = [], toolLimits = defaultDialect.tools, toolbox, maxSteps } = options
  const {
    contextWindow = Number.POSITIVE_INFINITY,
    maxOutputTokens = null,
    statesOutputLimit = false,
    listEfforts = () => [],
    tokenCounter = unscaledTokenCounter,
  } = options
  const thoughtMemory: InlineThoughtMemory = { beginsInThought: false }
  return {
    async *answer(run) {
      const requester = new ModelStepRequester(
        {
          ...options,
          secrets,
          toolLimits,
          thoughtMemory,
          contextWindow,
          maxOutputTokens,
          statesOutputLimit,
          listEfforts,
          tokenCounter,
        },
        noteBudget(run, () => isBudgetUsedUp),
      )
      let isBudgetUsedUp = false
      let answerHasContent = false
      for (let step = 1; !run.signal.aborted; step += 1) {
        isBudgetUsedUp = step > 1 && ((await run.isBudgetUsedUp?.()) ?? false)
        const isLast = isBudgetUsedUp || step >= maxSteps
        const request = requester.request(step, !isLast)
        const { calls, hasContent, finishReason } = yield* isBudgetUsedUp ? endForBudget(request) : request
        if (run.signal.aborted) return
        // Some models write their text before the tool calls, and end without any.
        answerHasContent ||= hasContent
        if (calls.length === 0) {
          // A message of the user has come meanwhile: it is in the context of one more step.
          if (finishReason === 'STOP' && !isLast && run.hasPendingSteering() && !(await run.isBudgetUsedUp?.()))
            continue
          if (answerHasContent) return
          const reachedSteps = isLast && step > 1 ? step : null
          throw new AgentError('NO_RESPONSE', formatNoResponse(finishReason, { reachedSteps, isBudgetUsedUp }))
        }
        if (toolbox && !isLast) yield* toolbox.execute(calls, run)
        else yield* rejectToolCalls(calls, toolbox ? formatRejection(isBudgetUsedUp, maxSteps) : null)
        if (isLast) return
      }
    },
  }
}

function formatRejection(isBudgetUsedUp: boolean, maxSteps: number): string {
  return isBudgetUsedUp ? 'The budget of this answer is used up.' : `This answer has used all of its ${maxSteps} steps.`
}

function formatNoResponse(
  finishReason: FinishReason | null,
  { reachedSteps, isBudgetUsedUp }: { readonly reachedSteps: number | null; readonly isBudgetUsedUp: boolean },
): string {
  if (isBudgetUsedUp) return 'The budget of this answer is used up, and the model did not sum up. Ask it to continue.'
  if (finishReason === 'LENGTH')
    return 'The model reached the limit of its output before it began its answer. Ask for less, or raise the limit at the provider.'
  if (finishReason === 'CONTENT_FILTER') return 'The provider withheld the answer because of its content. Rephrase it.'
  if (finishReason === 'REFUSAL') return 'The model declined to answer. Rephrase it or choose another model.'
  if (reachedSteps === null) return 'The model ended without an answer. Try again or rephrase.'
  return `The model had no answer after ${reachedSteps} steps, which is the limit. Ask it to continue.`
}

/** Fails calls that the model was not allowed to make. Without a reason, their tools do not exist. */
function* rejectToolCalls(calls: readonly ToolCallRequest[], reason: string | null): Generator<AgentEvent> {
  for (const call of calls) {
    yield { type: 'tool-call', ...call }
    yield { type: 'tool-error', callId: call.callId, error: reason ?? formatUnknownTool(call.name) }
  }
}
