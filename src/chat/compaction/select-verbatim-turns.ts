import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import type { MessageRecord } from '../../model/message.ts'
import { toModelMessages } from '../context/to-model-messages.ts'
import { splitIntoTurns } from '../context/trimming/context-turns.ts'

export interface TurnDivisionOptions {
  /** The newest turns stay verbatim if they have at most so many tokens together. */
  readonly maxVerbatimTokens: number
  /** So many of the newest turns stay in any case, if they have at most `maxRequiredVerbatimTokens`. */
  readonly minVerbatimTurns: number
  readonly maxRequiredVerbatimTokens: number
  /** If less would be summarised, in tokens, no more turns stay than must. */
  readonly minSummarizedTokens: number
  readonly counter: TokenCounter
}

/** Messages in which no turn is cut, and what they take of a request, in tokens. */
export interface TurnRange {
  readonly messages: readonly MessageRecord[]
  readonly tokens: number
}

/** What is summarised, and what comes after it and stays. */
export interface TurnDivision {
  readonly summarized: TurnRange
  readonly verbatim: TurnRange
}

/** The newest turns that stay verbatim are at most this part of all. */
const maxVerbatimShare = 1 / 4

/**
 * Divides messages into those that are summarised and the newest ones, which stay as they are. Turns are never cut, and
 * never all of them stay.
 */
export function selectVerbatimTurns(messages: readonly MessageRecord[], options: TurnDivisionOptions): TurnDivision {
  const turns = splitIntoTurns(messages).map((turn) => ({
    messages: turn,
    tokens: options.counter.countMessages(toModelMessages(turn)),
  }))
  const required = countRequiredTurns(turns, options)
  const preferred = countPreferredTurns(turns, required, options)
  const isEnough = joinTurns(turns.slice(0, turns.length - preferred)).tokens >= options.minSummarizedTokens
  const end = turns.length - (isEnough ? preferred : required)
  return { summarized: joinTurns(turns.slice(0, end)), verbatim: joinTurns(turns.slice(end)) }
}

function countRequiredTurns(
  turns: readonly TurnRange[],
  { minVerbatimTurns, maxRequiredVerbatimTokens }: TurnDivisionOptions,
): number {
  let count = Math.max(0, Math.min(minVerbatimTurns, turns.length - 1))
  while (count > 0 && joinTurns(turns.slice(-count)).tokens > maxRequiredVerbatimTokens) count -= 1
  return count
}

function countPreferredTurns(
  turns: readonly TurnRange[],
  required: number,
  { maxVerbatimTokens }: TurnDivisionOptions,
): number {
  const maxTokens = Math.min(maxVerbatimTokens, joinTurns(turns).tokens * maxVerbatimShare)
  let count = 0
  let tokens = 0
  for (const turn of turns.slice(1).toReversed()) {
    tokens += turn.tokens
    if (tokens > maxTokens) break
    count += 1
  }
  return Math.max(count, required)
}

function joinTurns(turns: readonly TurnRange[]): TurnRange {
  return {
    messages: turns.flatMap(({ messages }) => messages),
    tokens: turns.reduce((sum, { tokens }) => sum + tokens, 0),
  }
}
