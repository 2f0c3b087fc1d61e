import type { ModelMessage } from 'ai'
import type { ContentOmissions } from '../../agent/content-omissions.ts'
import { computeInputBudget } from '../../agent/tokens/input-budget.ts'
import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import type { ContextSummary } from '../../model/context/context-summary.ts'
import type { MessageRecord } from '../../model/message.ts'
import { formatContextSummary } from './format-context-summary.ts'
import { composeInstructionsMessage } from './instructions/compose-instructions-message.ts'
import type { ModelRequestTarget } from './opaque-state-selector.ts'
import { toModelMessages } from './to-model-messages.ts'
import type { ToolImages } from './to-model-tool-output.ts'
import { fitContext } from './trimming/fit-context.ts'
import { shortenToolResults } from './trimming/shorten-tool-results.ts'

/** What a request to a model is built from. Counts are in the model's tokens. */
export interface ModelContextSource {
  /** The system prompt, which comes first. Default: none. */
  readonly instructions?: string | null
  /** What stands for the messages before `messages`. Null: there are none. */
  readonly summary: ContextSummary | null
  /** Oldest first, with the answer so far last, and with their files as a `MessageFileResolver` returns them. */
  readonly messages: readonly MessageRecord[]
  /** Null: no model in particular. */
  readonly target: ModelRequestTarget | null
  /** The images of tools that the model is sent. Default: none. */
  readonly toolImages?: ToolImages
  /** What is left out beside files. Default: nothing. */
  readonly omissions?: Pick<ContentOmissions, 'providerState' | 'toolCalls'>
  readonly counter: TokenCounter
  /** For the input and the answer. It may be infinite: then nothing is counted. */
  readonly contextWindow: number
  /** The longest answer of the model. Null, the default: not known. */
  readonly maxOutputTokens?: number | null
  /** What the request has beside the messages and the instructions: tools, and notes about them. */
  readonly reservedTokens: number
}

/** The messages of a request to a model. */
export interface ModelContext {
  readonly messages: readonly ModelMessage[]
  /** What the messages have, without the instructions and what is reserved. 0 if the window is infinite. */
  readonly tokens: number
  /** What the instructions have. 0 if there are none, or if the window is infinite. */
  readonly instructionTokens: number
  /** What they may have, without the instructions. */
  readonly budgetTokens: number
  /** What they would have if no result of a tool were shortened, and nothing left out. 0 if the window is infinite. */
  readonly fullTokens: number
  /** Whether nothing is left out, and nothing but results of tools is shortened. */
  readonly isComplete: boolean
  /** Whether the newest message of the user alone is longer than the window: it is shortened then. */
  readonly isNewestMessageTooLong: boolean
}

/** What the newest results of tools have at least before anything else is left out, as a share of the budget. */
const newestResultShare = 0.25

/**
 * Builds the messages of a request to a model, so that they fit its window together with what is reserved and an answer.
 * It is a pure function of its input. If they are too long, results of tools are shortened first, the oldest ones in coarse
 * steps. If that is not enough, the context is incomplete, and holds the best that fits: the summary, the newest turns, and
 * in any case the newest message of the user, and the newest steps of its answer unless one alone is too long.
 */
export function buildModelContext(source: ModelContextSource): ModelContext {
  const {
    instructions = null,
    summary,
    messages,
    target,
    toolImages,
    omissions,
    counter,
    contextWindow,
    reservedTokens,
  } = source
  const convert = (introduction: string | null, records: readonly MessageRecord[]): ModelMessage[] =>
    toModelMessages(records, {
      target,
      introduction,
      ...(toolImages && { toolImages }),
      ...(omissions && { omissions }),
    })
  const all = convert(summary && formatContextSummary(summary), messages)
  const inputTokens = computeInputBudget(source)
  const first = composeInstructionsMessage(instructions, inputTokens, counter)
  const budgetTokens = Math.max(1, inputTokens - first.tokens - reservedTokens)
  const compose = (
    history: readonly ModelMessage[],
    result: Pick<ModelContext, 'tokens' | 'fullTokens' | 'isComplete' | 'isNewestMessageTooLong'>,
  ): ModelContext => ({
    ...result,
    messages: [...first.messages, ...history],
    instructionTokens: first.tokens,
    budgetTokens,
  })
  const complete = { isComplete: true, isNewestMessageTooLong: false }
  if (!Number.isFinite(contextWindow)) return compose(all, { tokens: 0, fullTokens: 0, ...complete })
  const fullTokens = counter.countMessages(all)
  if (fullTokens <= budgetTokens) return compose(all, { tokens: fullTokens, fullTokens, ...complete })
  const minNewestTokens = budgetTokens * newestResultShare
  const shortened = shortenToolResults(all, { counter, budgetTokens, minNewestTokens })
  const tokens = counter.countMessages(shortened)
  if (tokens <= budgetTokens) return compose(shortened, { tokens, fullTokens, ...complete })
  const fitted = fitContext({ summary, messages, convert, counter, contextWindow, budgetTokens })
  const { isNewestMessageTooLong } = fitted
  const fittedTokens = counter.countMessages(fitted.messages)
  return compose(fitted.messages, { tokens: fittedTokens, fullTokens, isComplete: false, isNewestMessageTooLong })
}
