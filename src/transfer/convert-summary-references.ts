import type { ContextSummary } from '../model/context/context-summary.ts'

type MessageReferences = Pick<ContextSummary, 'quotes' | 'throughMessageId'>

/**
 * Replaces the ids of Hermes messages in a summary with those of the converted messages. `convertedIds` are by the Hermes
 * id; any other id stays as it is.
 */
export function convertSummaryReferences<Summary extends MessageReferences>(
  summary: Summary,
  convertedIds: ReadonlyMap<string, string>,
): Summary {
  const convert = (id: string): string => convertedIds.get(id) ?? id
  return {
    ...summary,
    quotes: summary.quotes.map((quote) => ({ ...quote, messageId: convert(quote.messageId) })),
    throughMessageId: summary.throughMessageId === null ? null : convert(summary.throughMessageId),
  }
}
