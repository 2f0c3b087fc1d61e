import type { SummaryUsageEvent } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import type { ContextSummary, UserMessageQuote } from '../../model/context/context-summary.ts'
import { toMessageText } from '../../model/message-content/message-text.ts'
import { toMessageKind } from '../../model/conversation/message-kind.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { Usage } from '../../model/usage.ts'
import { formatContextSummary } from '../context/format-context-summary.ts'
import { selectUserMessageQuotes } from '../context/trimming/select-user-message-quotes.ts'
import { type CompactionLimits, computeCompactionLimits, minSummaryTokens } from './compaction-limits.ts'
import { composeTranscript } from './compose-transcript.ts'
import { selectVerbatimTurns } from './select-verbatim-turns.ts'
import { shortenRefusedMessages } from './shorten-refused-messages.ts'
import { SummaryWriter } from './summary-writer.ts'

/** What is summarised, for which model, and what of it stays. */
export interface CompactContextRequest {
  /** What stands for the messages before these; null if there are none. */
  readonly previous: ContextSummary | null
  /** The messages after `previous`, oldest first, without the turn in progress. Of text files, the content is loaded. */
  readonly messages: readonly MessageRecord[]
  /** Writes the summary, and counts its tokens. */
  readonly model: Pick<ResolvedModel, 'name' | 'textGenerator' | 'tokenCounter'>
  /** Of the model that is sent the result, in tokens. The requests for the summary keep to it as well. */
  readonly contextWindow: number
  /** What a request contains beside the summary and `messages`: tools, notes, the turn in progress. In tokens. */
  readonly reservedTokens: number
  /** So many of the newest turns stay verbatim, if there are more of them and they fit. */
  readonly minVerbatimTurns: number
  /** An answer waits for the summary. Default: false. */
  readonly isUrgent?: boolean
  readonly signal: AbortSignal
  /** Receives what each request to the model costs. */
  readonly onEvent?: (event: SummaryUsageEvent) => void
}

/** A new summary, and what it costs and saves. */
export interface CompactedContext {
  readonly summary: ContextSummary
  /** Of all requests. */
  readonly usage: Usage
  /** What the previous summary and the messages took of a request, in tokens, and what the result takes. */
  readonly tokensBefore: number
  readonly tokensAfter: number
}

/** A summary and its quotes have at most this part of the tokens that they replace. */
const maxReplacementShare = 1 / 2
/** What of the first message is quoted in any case, in tokens. */
const minFirstQuoteTokens = 40

/**
 * Summarises all but the newest turns, together with the summary of what came before them. Users' messages are quoted as
 * far as the limits allow. The summary and its quotes have at most half of the tokens that they replace, unless that is
 * less than the shortest useful summary with the first quote. Resolves to null if there is nothing to summarise. Rejects
 * with an AgentError if the model fails.
 */
export async function compactContext(request: CompactContextRequest): Promise<CompactedContext | null> {
  const { previous, messages, contextWindow, reservedTokens, minVerbatimTurns, model } = request
  const counter = model.tokenCounter
  const limits = computeCompactionLimits(contextWindow, reservedTokens)
  const previousTokens = countSummary(previous, counter)
  const shortestTokens = countSummaryWithoutQuotes('', counter) + minSummaryTokens + minFirstQuoteTokens
  const minSummarizedTokens = shortestTokens / maxReplacementShare - previousTokens
  const { summarized, verbatim } = selectVerbatimTurns(messages, {
    ...limits,
    minVerbatimTurns,
    minSummarizedTokens,
    counter,
  })
  const isPreviousTooLong = previousTokens > limits.maxSummaryTokens + limits.maxQuoteTokens
  if (summarized.tokens === 0 && !isPreviousTooLong) return null

  const replacedTokens = previousTokens + summarized.tokens
  const writer = new SummaryWriter({ ...request, ...limits })
  const summary = await writeSummary(writer, {
    previous,
    records: shortenRefusedMessages(summarized.messages, { contextWindow, ...limits, counter }),
    limits,
    maxTokens: Math.floor(replacedTokens * maxReplacementShare),
    counter,
  })
  return {
    summary,
    usage: writer.usage,
    tokensBefore: replacedTokens + verbatim.tokens,
    tokensAfter: countSummary(summary, counter) + verbatim.tokens,
  }
}

interface SummarySource {
  readonly previous: ContextSummary | null
  readonly records: readonly MessageRecord[]
  readonly limits: CompactionLimits
  /** For the summary with its quotes. */
  readonly maxTokens: number
  readonly counter: TokenCounter
}

/**
 * Writes a summary that leaves room for the first quote. Where it is longer than expected, there are fewer quotes; if that
 * is not enough, it is shortened.
 */
async function writeSummary(writer: SummaryWriter, source: SummarySource): Promise<ContextSummary> {
  const { previous, records, limits, maxTokens, counter } = source
  const quotes = [...(previous?.quotes ?? []), ...toQuotes(records)]
  const availableTokens = maxTokens - countSummaryWithoutQuotes('', counter)
  const clamp = (tokens: number) => Math.min(Math.max(tokens, minSummaryTokens), limits.maxSummaryTokens)
  const expectedTokens = clamp(Math.floor(availableTokens / 2))
  const expectedQuotes = selectQuotes(quotes, availableTokens - expectedTokens, source)
  // A quote that is given up is summarised instead.
  const dropped = (previous?.quotes ?? []).filter(
    ({ messageId }) => !expectedQuotes.some((quote) => quote.messageId === messageId),
  )
  const transcript = [
    ...dropped.map(({ text }) => ({ type: 'text', speaker: 'User (earlier)', text }) as const),
    ...composeTranscript(records, limits.maxAttachedTokens, counter),
  ]
  const written = await writer.summarize(previous?.text ?? null, transcript, expectedTokens)
  const text = await writer.shorten(written, clamp(availableTokens - minFirstQuoteTokens))
  return {
    text,
    quotes: selectQuotes(quotes, maxTokens - countSummaryWithoutQuotes(text, counter), source),
    throughMessageId: records.at(-1)?.id ?? previous?.throughMessageId ?? null,
  }
}

/** The messages of users that can be quoted, oldest first. */
function toQuotes(messages: readonly MessageRecord[]): UserMessageQuote[] {
  return messages.flatMap((message) => {
    const text = toMessageText(message.parts).trim()
    const isQuotable = message.role === 'USER' && toMessageKind(message) === 'CHAT' && text !== ''
    return isQuotable ? [{ messageId: message.id, text }] : []
  })
}

function selectQuotes(
  quotes: readonly UserMessageQuote[],
  maxTokens: number,
  { limits, counter }: SummarySource,
): UserMessageQuote[] {
  return selectUserMessageQuotes(
    quotes,
    {
      maxTokens: Math.max(0, Math.min(limits.maxQuoteTokens, maxTokens)),
      maxSingleTokens: limits.maxSingleQuoteTokens,
      minFirstTokens: minFirstQuoteTokens,
    },
    counter,
  )
}

/** What a summary takes of a request, in tokens. */
function countSummary(summary: Pick<ContextSummary, 'text' | 'quotes'> | null, counter: TokenCounter): number {
  return summary === null ? 0 : counter.countText(formatContextSummary(summary))
}

/** The same without the words of its quotes. */
function countSummaryWithoutQuotes(text: string, counter: TokenCounter): number {
  return countSummary({ text, quotes: [{ messageId: '', text: '' }] }, counter)
}
