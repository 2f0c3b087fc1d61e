import { isSteeringMessage } from '../../../model/message.ts'
import { splitAnswerIntoSteps } from '../answer-steps.ts'
import type { ContextTurn } from './context-turns.ts'
import { omitAnswerSteps } from './omit-answer-steps.ts'
import { shortenLongMessage } from './shorten-long-message.ts'
import { shortenAnswer } from './shorten-answer.ts'
import { roundUpToMultiple } from './round-up-to-multiple.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'

export interface NewestTurnFittingOptions {
  readonly counter: TokenCounter
  /** What the turn may have, in tokens. */
  readonly roomTokens: number
  /** How many tokens are saved at a time, so that prefixes stay equal while steps are added. */
  readonly stepTokens: number
  /** Whether even the newest step of the answer is left out if it is still too long when it is as short as it gets. */
  readonly omitsNewestStep: boolean
  /** Counts a turn whose tool results are as short as they get. */
  readonly countTurn: (turn: ContextTurn) => number
}

/** Of the room, for each earlier row. */
const maxEarlierRowShare = 1 / 6

/**
 * Fits the turn of the newest message of a user, which stays as it is. The oldest steps of a long answer are left out first.
 * If the newest one alone is too long, its texts and the arguments of its calls are shortened.
 */
export function fitNewestTurn(turn: ContextTurn, options: NewestTurnFittingOptions): ContextTurn {
  const { countTurn, roomTokens, omitsNewestStep } = options
  if (countTurn(turn) <= roomTokens) return turn
  const shortened = shortenEarlierRows(turn, options)
  const fitted = omitOldestSteps(shortened, options)
  const answer = fitted.at(-1)
  const excessTokens = countTurn(fitted) - roomTokens
  if (excessTokens <= 0 || answer?.role !== 'ASSISTANT') return fitted
  const shortest = fitted.with(fitted.length - 1, shortenAnswer(answer, excessTokens, options.counter))
  if (!omitsNewestStep || countTurn(shortest) <= roomTokens) return shortest
  return omitAnswerSteps(shortened, countAnswerSteps(shortened))
}

function countAnswerSteps(turn: ContextTurn): number {
  const answer = turn.at(-1)
  return answer?.role === 'ASSISTANT' ? splitAnswerIntoSteps(answer.parts).length : 0
}

/** In Hermes and in copies, rows before the newest one may belong to the same message. */
function shortenEarlierRows(turn: ContextTurn, { counter, roomTokens }: NewestTurnFittingOptions): ContextTurn {
  const newestIndex = turn.findLastIndex((message) => message.role === 'USER' && !isSteeringMessage(message))
  return turn.map((message, index) =>
    index < newestIndex ? shortenLongMessage(message, roomTokens * maxEarlierRowShare, counter) : message,
  )
}

function omitOldestSteps(turn: ContextTurn, options: NewestTurnFittingOptions): ContextTurn {
  const { countTurn, roomTokens, stepTokens } = options
  const fullTokens = countTurn(turn)
  const newestStep = countAnswerSteps(turn) - 1
  if (fullTokens <= roomTokens || newestStep <= 0) return turn
  const findFewest = (maxTokens: number): number | null => {
    const fits = (count: number): boolean => countTurn(omitAnswerSteps(turn, count)) <= maxTokens
    let [low, high] = [1, newestStep]
    if (!fits(high)) return null
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (fits(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
  const coarseTokens = fullTokens - roundUpToMultiple(fullTokens - roomTokens, stepTokens)
  return omitAnswerSteps(turn, findFewest(coarseTokens) ?? findFewest(roomTokens) ?? newestStep)
}
