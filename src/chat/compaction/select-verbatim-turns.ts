import type { MessageRecord } from '../../model/message.ts'

/** A user's message and what answers it, with the number of tokens that a request has for it. */
export interface Turn {
  readonly messages: readonly MessageRecord[]
  readonly tokens: number
}

export interface VerbatimTurnLimits {
  /** In tokens. */
  readonly maxTokens: number
  /** At most this part of all turns, so that something is summarised. */
  readonly maxFraction: number
  /** So many turns stay verbatim in any case, if there are more of them and they have at most `maxRequiredTokens`. */
  readonly minCount: number
  readonly maxRequiredTokens: number
}

/** Splits messages into turns. What comes before the first user message is one as well. */
export function splitIntoTurns(
  messages: readonly MessageRecord[],
  countTokens: (messages: readonly MessageRecord[]) => number,
): Turn[] {
  const turns: MessageRecord[][] = []
  for (const [index, message] of messages.entries()) {
    const turn = turns.at(-1)
    if (turn && !startsTurn(message, messages[index - 1])) turn.push(message)
    else turns.push([message])
  }
  return turns.map((turn) => ({ messages: turn, tokens: countTokens(turn) }))
}

/** In Hermes and in copies, several rows in a row may be one message of a user. */
function startsTurn({ role, withdrawn }: MessageRecord, previous: MessageRecord | undefined): boolean {
  return role === 'USER' && !withdrawn && (previous?.role !== 'USER' || previous.streamId !== null)
}

/** How many of the newest turns stay verbatim: whole ones, and never all. */
export function countVerbatimTurns(turns: readonly Turn[], limits: VerbatimTurnLimits): number {
  const totalTokens = sumTokens(turns)
  const maxTokens = Math.min(limits.maxTokens, totalTokens * limits.maxFraction)
  const requiredCount = countRequiredTurns(turns, limits)
  let count = 0
  let tokens = 0
  for (const turn of turns.slice(1).toReversed()) {
    tokens += turn.tokens
    if (tokens > maxTokens && count >= requiredCount) break
    count += 1
  }
  return count
}

/** How many of the newest turns must stay verbatim. */
export function countRequiredTurns(
  turns: readonly Turn[],
  { minCount, maxRequiredTokens }: Pick<VerbatimTurnLimits, 'minCount' | 'maxRequiredTokens'>,
): number {
  let count = Math.max(0, Math.min(minCount, turns.length - 1))
  while (count > 0 && sumTokens(turns.slice(-count)) > maxRequiredTokens) count -= 1
  return count
}

export function sumTokens(turns: readonly { readonly tokens: number }[]): number {
  return turns.reduce((sum, { tokens }) => sum + tokens, 0)
}
