import type { ModelMessage } from 'ai'
import type { SummaryAndTitleGenerator } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'
import { formatTranscript } from '../text-generation/model-summary-generator.ts'
import { truncate } from '../../lib/text/truncate.ts'

const maxLineLength = 200 // UTF-16 code units
const maxLines = 40

/** Generates texts without a model: a summary consists of shortened messages, and there are no titles. */
export const offlineSummaryGenerator: SummaryAndTitleGenerator = {
  async generateSummary({ messages }) {
    const lines = messages.flatMap((message) => toSummaryLines(message))
    const omittedCount = lines.length - maxLines
    const text = [
      ...(omittedCount > 0 ? [`${omittedCount} earlier messages are omitted.`] : []),
      ...lines.slice(-maxLines),
    ].join('\n')
    const usage = {
      estimated: true,
      inputTokens: estimateTokens(formatTranscript(messages).length),
      outputTokens: estimateTokens(text.length),
      reasoningTokens: 0,
      cachedInputTokens: 0,
    }
    return { text, usage }
  },
  generateTitle: async () => null,
}

function toSummaryLines(message: ModelMessage): string[] {
  const text = formatTranscript([message]).replace(/\s+/g, ' ').trim()
  return text === '' ? [] : [truncate(text, maxLineLength)]
}
