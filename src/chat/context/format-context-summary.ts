import type { ContextSummary } from '../../model/context/context-summary.ts'

const summaryHeading = 'This chat goes on from an earlier one. What was said there, in short:'
const quotesHeading = 'What the user said there, word for word:'

/** Writes a summary as the text of a message to a model. Each line of a quote begins with `> `. The result is well-formed. */
export function formatContextSummary({ text, quotes }: Pick<ContextSummary, 'text' | 'quotes'>): string {
  const quoted = quotes.map((quote) => quote.text.replace(/^/gm, '> '))
  const paragraphs = [summaryHeading, text, ...(quoted.length > 0 ? [quotesHeading, ...quoted] : [])]
  return paragraphs.join('\n\n').toWellFormed()
}
