import type { GenerateSummaryRequest, SummaryAndTitleGenerator } from '../agent.ts'
import { estimateTokensOfLength } from '../tokens/estimate-tokens-of-length.ts'
import { addRequestCost, type ModelPricing } from '../../usage/model-prices.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { noUsage } from '../../model/usage.ts'

/** A paragraph of the chat becomes one line of the summary. */
const maxLineLength = 200 // UTF-16 code units
/** The share of a short summary that one line takes at most, in code units per token. */
const maxLineCodeUnitsPerToken = 2
const maxLines = 40
/** The share of a summary that the beginning of the chat takes. The rest is for its end. */
const beginningShare = 0.3
/** Stands where lines are left out. */
const omissionLine = '…'

/** Creates a generator of texts without a model: a summary consists of shortened messages, and there are no titles. */
export function createOfflineSummaryGenerator(pricing: ModelPricing): SummaryAndTitleGenerator {
  return {
    async generateSummary(request) {
      const text = summarize(request)
      const usage = {
        ...noUsage,
        estimated: true,
        inputTokens: estimateTokensOfLength([request.previousSummary ?? '', ...request.paragraphs].join('\n\n').length),
        outputTokens: estimateTokensOfLength(text.length),
      }
      request.onEvent?.({ type: 'step', estimatedInputTokens: usage.inputTokens })
      request.onEvent?.({ type: 'usage', usage })
      return { text, usage: addRequestCost(usage, undefined, pricing) }
    },
    generateTitle: async () => null,
  }
}

/** The first and the last lines of the earlier summary and the paragraphs, as many as fit. */
function summarize({ previousSummary, paragraphs, maxTokens }: GenerateSummaryRequest): string {
  const lineLength = Math.min(maxLineLength, maxTokens * maxLineCodeUnitsPerToken)
  const lines = [...(previousSummary?.split('\n') ?? []), ...paragraphs]
    .map((line) => truncate(line.replace(/\s+/g, ' ').trim(), lineLength))
    .filter((line) => line !== '' && line !== omissionLine)
  const last: string[] = []
  const first: string[] = []
  let available = maxTokens
  const take = (from: Iterable<string>, to: string[], { maxCount, minAvailable }: TakeLimits): void => {
    for (const line of from) {
      const tokens = estimateTokensOfLength(line.length + 1)
      if (to.length >= maxCount || available - tokens < minAvailable) return
      to.push(line)
      available -= tokens
    }
  }
  const firstCount = Math.floor(maxLines * beginningShare)
  take(lines, first, { maxCount: firstCount, minAvailable: maxTokens * (1 - beginningShare) })
  take(lines.slice(first.length).toReversed(), last, { maxCount: maxLines - first.length, minAvailable: 0 })
  const isComplete = first.length + last.length === lines.length
  return [...first, ...(isComplete ? [] : [omissionLine]), ...last.toReversed()].join('\n')
}

interface TakeLimits {
  readonly maxCount: number
  readonly minAvailable: number
}
