import type { ModelMessage } from 'ai'
import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import type { ContextSummary } from '../../../model/context/context-summary.ts'
import { isSteeringMessage, type MessageRecord } from '../../../model/message.ts'
import { formatContextSummary } from '../format-context-summary.ts'
import { type ContextTurn, splitIntoTurns } from './context-turns.ts'
import { fitNewestTurn } from './fit-newest-turn.ts'
import { roundUpToMultiple } from './round-up-to-multiple.ts'
import { maxQuotesShare, selectUserMessageQuotes } from './select-user-message-quotes.ts'
import { readPartText, shortenLongMessage } from './shorten-long-message.ts'
import { shortenToolResults } from './shorten-tool-results.ts'

/** A context that is too long, and the room that there is for it. */
export interface ContextFittingSource {
  readonly summary: ContextSummary | null
  readonly messages: readonly MessageRecord[]
  /** Converts messages to what the model is sent, with an introduction before them. */
  readonly convert: (introduction: string | null, records: readonly MessageRecord[]) => ModelMessage[]
  readonly counter: TokenCounter
  readonly contextWindow: number
  /** What the messages may have, in tokens. */
  readonly budgetTokens: number
}

interface ContextSelectionSource extends ContextFittingSource {
  /** What the newest results of tools have at least, together. */
  readonly minNewestTokens: number
  /** Whether even the newest step of the answer may be left out. */
  readonly omitsNewestStep: boolean
}

/** What is left of a context that was too long. */
export interface FittedContext {
  readonly messages: readonly ModelMessage[]
  readonly isNewestMessageTooLong: boolean
}

/** Shares of the budget. */
const maxOlderMessageShare = 1 / 6
const minSummaryShare = 1 / 8
const maxReservedSummaryShare = 1 / 3
/** Turns and steps are left out in steps of this share, so that prefixes stay equal while messages are added. */
const omissionStepShare = 1 / 4
/** What the newest results of tools keep together, as a share of the budget, unless there is no room for anything else. */
const minNewestResultShare = 1 / 8
/** Room for the line that says what is left out. In tokens. */
const omissionNoteTokens = 30
/** How often the selection is repeated with less room. */
const maxAttempts = 4
/** How much less room there is then, beside what was too much, as a share of the budget. */
const reserveStepShare = 1 / 64

/** Selects the best that fits the budget, where not everything does. */
export function fitContext(source: ContextFittingSource): FittedContext {
  const { messages, counter, contextWindow, budgetTokens } = source
  const turns = splitIntoTurns(messages)
  const isNewestMessageTooLong = counter.countTextAtLeast(readNewestText(turns.at(-1) ?? [])) > contextWindow
  const newest = isNewestMessageTooLong ? [] : (turns.at(-1) ?? [])
  const older = (isNewestMessageTooLong ? turns : turns.slice(0, -1)).map((turn) => shortenOlderTurn(turn, source))
  let fitted: readonly ModelMessage[] = []
  let reserveTokens = omissionNoteTokens
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const isLate = attempt > maxAttempts / 2
    const minNewestTokens = isLate ? 0 : budgetTokens * minNewestResultShare
    const omitsNewestStep = attempt === maxAttempts
    fitted = selectContext({ newest, older }, reserveTokens, { ...source, minNewestTokens, omitsNewestStep })
    const excessTokens = counter.countMessages(fitted) - budgetTokens
    if (excessTokens <= 0) break
    // Joined messages have a few more tokens than the sum of their parts.
    reserveTokens += excessTokens + Math.ceil(budgetTokens * reserveStepShare)
  }
  return { messages: fitted, isNewestMessageTooLong }
}

function selectContext(
  { newest, older }: { readonly newest: ContextTurn; readonly older: readonly ContextTurn[] },
  reserveTokens: number,
  source: ContextSelectionSource,
): readonly ModelMessage[] {
  const { summary, counter, budgetTokens } = source
  const summaryTokens = summary ? counter.countText(formatContextSummary({ text: summary.text, quotes: [] })) : 0
  const newestTurn = fitNewestTurn(newest, {
    counter,
    roomTokens: budgetTokens - reserveTokens - Math.min(summaryTokens, budgetTokens * maxReservedSummaryShare),
    stepTokens: budgetTokens * omissionStepShare,
    omitsNewestStep: source.omitsNewestStep,
    countTurn: (turn) => countTurn(turn, source),
  })
  const available = budgetTokens - reserveTokens - countTurn(newestTurn, source)
  const introduction = summary && fitSummary(summary, available, source)
  const introductionTokens = introduction === null ? 0 : counter.countText(introduction)
  const keptTurns = selectNewestTurns(older, available - introductionTokens, source)
  const omittedCount = older.slice(0, older.length - keptTurns.length).flat().length
  const texts = [introduction, formatOmission(omittedCount, summary !== null)].filter((text) => text !== null)
  const records = [...keptTurns, newestTurn].flat()
  const converted = source.convert(texts.length > 0 ? texts.join('\n\n') : null, records)
  return shortenCompletely(converted, source, budgetTokens + omissionNoteTokens - reserveTokens)
}

/** What the user's newest message says, with text files. */
function readNewestText(turn: ContextTurn): string {
  const message = turn.findLast((each) => each.role === 'USER' && !isSteeringMessage(each))
  return (message?.parts ?? []).map((part) => readPartText(part) ?? '').join('\n\n')
}

/** Cuts what the user has said at length before to its beginning and end. */
function shortenOlderTurn(turn: ContextTurn, { counter, budgetTokens }: ContextFittingSource): ContextTurn {
  const maxTokens = budgetTokens * maxOlderMessageShare
  return turn.map((message) => (message.role === 'USER' ? shortenLongMessage(message, maxTokens, counter) : message))
}

/** How many tokens a turn has if the results of its tools are as short as they get. */
function countTurn(turn: ContextTurn, source: ContextSelectionSource): number {
  return turn.length === 0 ? 0 : source.counter.countMessages(shortenCompletely(source.convert(null, turn), source, 1))
}

function shortenCompletely(
  messages: readonly ModelMessage[],
  { counter, budgetTokens, minNewestTokens }: ContextSelectionSource,
  maxTokens = budgetTokens,
): readonly ModelMessage[] {
  return shortenToolResults(messages, { counter, budgetTokens: maxTokens, minNewestTokens })
}

/** The summary with as many quotes as fit. If it is too long itself, its beginning and end. */
function fitSummary(
  { text, quotes }: ContextSummary,
  availableTokens: number,
  { counter, contextWindow, budgetTokens }: ContextFittingSource,
): string {
  const maxTextTokens = Math.max(availableTokens, budgetTokens * minSummaryShare)
  const shortened = shortenText(text, maxTextTokens, counter)
  const withoutQuotes = formatContextSummary({ text: shortened, quotes: [] })
  const remaining = availableTokens - counter.countText(withoutQuotes)
  const maxTokens = Math.min(remaining, contextWindow * maxQuotesShare)
  const selected = selectUserMessageQuotes(quotes, { maxTokens, maxSingleTokens: maxTokens / 2 }, counter)
  return formatContextSummary({ text: shortened, quotes: selected })
}

/** The newest of these turns that fit. */
function selectNewestTurns(turns: readonly ContextTurn[], availableTokens: number, source: ContextSelectionSource) {
  const sizes = turns.map((turn) => countTurn(turn, source))
  const excessTokens = sizes.reduce((sum, size) => sum + size, 0) - availableTokens
  if (excessTokens <= 0) return [...turns]
  const step = Math.max(1, Math.min(source.budgetTokens * omissionStepShare, availableTokens / 2))
  let tokensToOmit = roundUpToMultiple(excessTokens, step)
  let omittedCount = 0
  while (omittedCount < turns.length && tokensToOmit > 0) {
    tokensToOmit -= sizes[omittedCount] ?? 0
    omittedCount += 1
  }
  return turns.slice(omittedCount)
}

/** Says how many messages are left out. Null if none are. */
function formatOmission(count: number, hasSummary: boolean): string | null {
  if (count === 0) return null
  const messages = count === 1 ? '1 message' : `${count} messages`
  return hasSummary
    ? `[After that, ${messages} are left out to save space.]`
    : `[The first ${messages} of this chat are left out to save space.]`
}
