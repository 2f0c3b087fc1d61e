import type { SummaryUsageEvent } from '../../agent/agent.ts'
import { estimateJsonTokens, estimateTokens } from '../../agent/estimate-tokens.ts'
import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import type { ContextSummary, UserMessageQuote } from '../../model/context-summary.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { Usage } from '../../model/usage.ts'
import { formatContextSummary } from '../context/format-context-summary.ts'
import { toModelMessages } from '../context/to-model-messages.ts'
import { type CompactionLimits, computeCompactionLimits, minSummaryTokens } from './compaction-limits.ts'
import { composeTranscript } from './compose-transcript.ts'
import { minFirstQuoteTokens, selectUserMessageQuotes, toQuotes } from './select-user-message-quotes.ts'
import {
  countRequiredTurns,
  countVerbatimTurns,
  splitIntoTurns,
  sumTokens,
  type Turn,
} from './select-verbatim-turns.ts'
import type { TokenCounter } from './shorten-text.ts'
import { SummaryWriter } from './summary-writer.ts'

export interface CompactContextRequest {
  /** What stands for the messages before these; null if there are none. */
  readonly previous: ContextSummary | null
  /** The messages after `previous`, oldest first, without the turn in progress. Of text files, the content is loaded. */
  readonly messages: readonly MessageRecord[]
  /** Writes the summary. */
  readonly model: Pick<ResolvedModel, 'name' | 'textGenerator'>
  /** Of the model that is sent the result, in tokens. The requests for the summary keep to it as well. */
  readonly contextWindow: number
  /** What a request contains beside the summary and `messages`: tools, notes, the turn in progress. In tokens. */
  readonly reservedTokens: number
  /** So many of the newest turns stay verbatim, if there are more of them and they fit. */
  readonly minVerbatimTurns: number
  readonly signal: AbortSignal
  /** Receives what each request to the model costs. */
  readonly onEvent?: (event: SummaryUsageEvent) => void
}

export interface CompactedContext {
  readonly summary: ContextSummary
  /** Of all requests. */
  readonly usage: Usage
  /** What the previous summary and the messages took of a request, in tokens, and what the result takes. */
  readonly tokensBefore: number
  readonly tokensAfter: number
}

/** The newest turns that stay verbatim are at most this part of all. */
const maxVerbatimFraction = 1 / 4
/** A summary and its quotes have at most this part of the tokens that they replace. */
const maxReplacementFraction = 1 / 2

const countTokens: TokenCounter = (text) => estimateTokens(text.length)

/**
 * Summarises all but the newest turns, together with the summary of what came before them. Users' messages are quoted as
 * far as the limits allow. The result replaces at least twice its length, unless that is less than the shortest useful
 * summary. Resolves to null if there is nothing to summarise. Rejects with an AgentError if the model fails.
 */
export async function compactContext(request: CompactContextRequest): Promise<CompactedContext | null> {
  const { previous, messages, contextWindow, reservedTokens } = request
  const limits = computeCompactionLimits(contextWindow, reservedTokens)
  const turns = splitIntoTurns(messages, countMessageTokens)
  const { summarized, verbatim } = divideTurns(request, turns, limits)
  const replacedTokens = countSummaryTokens(previous) + sumTokens(summarized)
  if (isEmpty(summarized) && (previous === null || !exceedsLimits(previous, limits))) return null

  const maxTokens = Math.floor(replacedTokens * maxReplacementFraction)
  const records = summarized.flatMap((turn) => turn.messages)
  const writer = new SummaryWriter({ ...request, countTokens, ...limits })
  const quotes = [...(previous?.quotes ?? []), ...toQuotes(records)]
  const text = await writeSummary(writer, { previous, records, quotes, limits, maxTokens })
  const summary: ContextSummary = {
    text,
    quotes: selectQuotes(quotes, limits, maxTokens - countSummaryTokens({ text, quotes: [] })),
    throughMessageId: records.at(-1)?.id ?? previous?.throughMessageId ?? null,
  }
  return {
    summary,
    usage: writer.usage,
    tokensBefore: replacedTokens + sumTokens(verbatim),
    tokensAfter: countSummaryTokens(summary) + sumTokens(verbatim),
  }
}

interface SummaryInput {
  readonly previous: ContextSummary | null
  readonly records: readonly MessageRecord[]
  /** All that can be quoted. */
  readonly quotes: readonly UserMessageQuote[]
  readonly limits: CompactionLimits
  /** For the summary with its quotes. */
  readonly maxTokens: number
}

/**
 * Writes a summary that leaves at least as much room as the first quote needs: a longer one takes the place of other quotes,
 * and if that is not enough, it is shortened.
 */
async function writeSummary(writer: SummaryWriter, input: SummaryInput): Promise<string> {
  const { previous, records, quotes, limits, maxTokens } = input
  const headingTokens = countSummaryTokens({ text: '', quotes: [] })
  const clamp = (tokens: number) => Math.min(Math.max(tokens, minSummaryTokens), limits.maxSummaryTokens)
  const expectedTokens = clamp(Math.floor((maxTokens - headingTokens) / 2))
  const expectedQuotes = new Set(
    selectQuotes(quotes, limits, maxTokens - headingTokens - expectedTokens).map(({ messageId }) => messageId),
  )
  // A quote of the previous summary that is given up is summarised instead.
  const dropped = (previous?.quotes ?? []).filter(({ messageId }) => !expectedQuotes.has(messageId))
  const transcript = [
    ...dropped.map(({ text }) => ({ type: 'text', speaker: 'User (quoted from earlier)', text }) as const),
    ...composeTranscript(records, limits.maxAttachedTokens, countTokens),
  ]
  const text = await writer.summarize(previous?.text ?? null, transcript, expectedTokens)
  return writer.shorten(text, clamp(maxTokens - headingTokens - minFirstQuoteTokens))
}

/** Divides turns into those that are summarised and those that stay. If too little would be replaced, fewer stay. */
function divideTurns(
  { previous, minVerbatimTurns }: CompactContextRequest,
  turns: readonly Turn[],
  limits: CompactionLimits,
): { readonly summarized: readonly Turn[]; readonly verbatim: readonly Turn[] } {
  const verbatimLimits = {
    maxTokens: limits.maxVerbatimTokens,
    maxFraction: maxVerbatimFraction,
    minCount: minVerbatimTurns,
    maxRequiredTokens: limits.maxRequiredVerbatimTokens,
  }
  const preferred = turns.length - countVerbatimTurns(turns, verbatimLimits)
  const shortest = countSummaryTokens({ text: '', quotes: [] }) + minSummaryTokens + minFirstQuoteTokens
  const replaced = countSummaryTokens(previous) + sumTokens(turns.slice(0, preferred))
  const pays = replaced * maxReplacementFraction >= shortest
  const end = pays ? preferred : turns.length - countRequiredTurns(turns, verbatimLimits)
  return { summarized: turns.slice(0, end), verbatim: turns.slice(end) }
}

function selectQuotes(quotes: readonly UserMessageQuote[], limits: CompactionLimits, maxTokens: number) {
  const maxQuoteTokens = Math.max(0, Math.min(limits.maxQuoteTokens, maxTokens))
  return selectUserMessageQuotes(
    quotes,
    { maxTokens: maxQuoteTokens, maxSingleTokens: limits.maxSingleQuoteTokens },
    countTokens,
  )
}

function isEmpty(turns: readonly Turn[]): boolean {
  return turns.every(({ messages }) => toModelMessages(messages).length === 0)
}

/** Whether a summary is longer than one for this window would be. */
function exceedsLimits(summary: ContextSummary, { maxSummaryTokens, maxQuoteTokens }: CompactionLimits): boolean {
  return countSummaryTokens(summary) > maxSummaryTokens + maxQuoteTokens
}

/** What a summary takes of a request, in tokens. */
function countSummaryTokens(summary: Pick<ContextSummary, 'text' | 'quotes'> | null): number {
  return summary === null ? 0 : countTokens(formatContextSummary(summary))
}

function countMessageTokens(messages: readonly MessageRecord[]): number {
  return estimateJsonTokens(toModelMessages(messages))
}
