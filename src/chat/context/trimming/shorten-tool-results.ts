import type { ModelMessage, ToolModelMessage } from 'ai'
import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import { toolOutputToText } from '../../../agent/tool-output-to-text.ts'
import { findCommonLimit } from './find-common-limit.ts'
import { roundUpToMultiple } from './round-up-to-multiple.ts'

type ToolResult = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>

export interface ToolResultShorteningOptions {
  readonly counter: TokenCounter
  /** What the messages may have, in tokens. */
  readonly budgetTokens: number
  /** What the newest results keep together, in tokens, however long the rest is. */
  readonly minNewestTokens: number
}

/**
 * Results are shortened in steps of this share of the budget, so that prefixes stay equal while messages are added, and
 * providers can cache them.
 */
const stepShare = 0.25
/** What older results are shortened to, in tokens: first to an excerpt, then, if that is not enough, to a note of their size. */
const olderResultLimits = [150, 0] as const
/** Shorter results are not worth shortening. In tokens. */
const minShortenedTokens = 100

/**
 * Shortens the results of tools until the messages fit the budget: the oldest ones first, and the newest ones, which the
 * model has not seen yet, only if the older ones are not enough. It is a pure function of the messages. They may still be too
 * long then.
 */
export function shortenToolResults(
  messages: readonly ModelMessage[],
  options: ToolResultShorteningOptions,
): readonly ModelMessage[] {
  const { counter, budgetTokens } = options
  let shortened = messages
  for (const limit of olderResultLimits) {
    const excessTokens = counter.countMessages(shortened) - budgetTokens
    if (excessTokens <= 0) return shortened
    shortened = shortenOlderResults(
      shortened,
      limit,
      roundUpToMultiple(excessTokens, budgetTokens * stepShare),
      counter,
    )
  }
  const excessTokens = counter.countMessages(shortened) - budgetTokens
  return excessTokens <= 0 ? shortened : shortenNewestResults(shortened, excessTokens, options)
}

/** Where the results begin that no answer follows. */
function findNewestResults(messages: readonly ModelMessage[]): number {
  return messages.findLastIndex(({ role }) => role === 'assistant') + 1
}

function shortenOlderResults(
  messages: readonly ModelMessage[],
  maxTokens: number,
  tokensToSave: number,
  counter: TokenCounter,
): readonly ModelMessage[] {
  let savedTokens = 0
  const older = mapToolResults(messages.slice(0, findNewestResults(messages)), (result) => {
    const tokens = counter.countToolOutput(result.output)
    if (savedTokens >= tokensToSave || tokens < minShortenedTokens || tokens <= maxTokens) return result
    const shortened = shortenResult(result, maxTokens, counter)
    savedTokens += tokens - counter.countToolOutput(shortened.output)
    return shortened
  })
  return [...older, ...messages.slice(older.length)]
}

/** Gives each of the newest results the same limit. Shorter ones stay as they are, which leaves the others more. */
function shortenNewestResults(
  messages: readonly ModelMessage[],
  excessTokens: number,
  { counter, minNewestTokens }: ToolResultShorteningOptions,
): readonly ModelMessage[] {
  const start = findNewestResults(messages)
  const sizes: number[] = []
  mapToolResults(messages.slice(start), (result) => {
    sizes.push(counter.countToolOutput(result.output))
    return result
  })
  const totalTokens = sizes.reduce((sum, size) => sum + size, 0)
  const limit = findCommonLimit(sizes, Math.max(totalTokens - excessTokens, minNewestTokens))
  const newest = mapToolResults(messages.slice(start), (result) => shortenResult(result, limit, counter))
  return [...messages.slice(0, start), ...newest]
}

function shortenResult(result: ToolResult, maxTokens: number, counter: TokenCounter): ToolResult {
  const { output } = result
  if (counter.countToolOutput(output) <= maxTokens) return result
  const value = shortenText(toolOutputToText(output), maxTokens, counter)
  const isError = output.type === 'error-text' || output.type === 'error-json'
  return { ...result, output: { type: isError ? 'error-text' : 'text', value } }
}

function mapToolResults(
  messages: readonly ModelMessage[],
  map: (result: ToolResult) => ToolResult,
): readonly ModelMessage[] {
  return messages.map((message) =>
    message.role === 'tool'
      ? { ...message, content: message.content.map((part) => (part.type === 'tool-result' ? map(part) : part)) }
      : message,
  )
}
