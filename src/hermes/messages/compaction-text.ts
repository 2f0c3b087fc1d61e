import { isJsonObject, type Json } from '../../lib/text/json.ts'
import type { MessagePart } from '../../model/message.ts'
import { hermesTaskListHeading, syntheticUserMessagePrefixes } from '../state/synthetic-user-messages.ts'

/**
 * What a compaction of Hermes writes. `summary`: stands for earlier messages. `mergedSummary`: the copy of a message, followed
 * by a summary. `synthetic`: a message in the user's name that no person wrote.
 */
export type HermesTextKind = 'summary' | 'mergedSummary' | 'synthetic'

/** Every release of Hermes has worded the rest of the first one differently. */
const summaryPrefixes = ['[CONTEXT COMPACTION', '[CONTEXT SUMMARY]:'] as const
const mergedSummaryPrefix = '[PRIOR CONTEXT '
const mergedSummaryHeader = /^\s*\[PRIOR CONTEXT [^\]]*\]/
const mergedSummaryDelimiter = '[END OF PRIOR CONTEXT — COMPACTION SUMMARY BELOW]'
/** How often a message is merged with a summary, and the result with another one. A bound for contents that Hermes did not write. */
const maxMergedSummaries = 50

/** What precedes the first text in a content that is a list of parts. Only its beginning may be known, so it is not parsed. */
const partsBeforeText = /^\0json:\s*\[\s*\{[^[\]{}]*?"text":\s*"(?:\\[nrt]|\s)*/

/** Takes the place of an image, in the row of the message or in its copies. */
const imagePlaceholder = '[screenshot]'
const strippedImagePlaceholder = '[Attached image — stripped after compression]'
const imagePartTypes = new Set<unknown>(['image', 'image_url', 'input_image'])

/** How many bytes of a content `classifyHermesContent` needs. */
export const classifiedContentBytes = 256

/** Every content that `classifyHermesContent` recognises begins with one of these, white space or a list of parts. */
export const classifiedFirstCharacters: readonly string[] = [
  ...new Set(
    [...summaryPrefixes, mergedSummaryPrefix, ...syntheticUserMessagePrefixes].map((prefix) => prefix.charAt(0)),
  ),
]

/**
 * Recognises what Hermes wrote by how its content begins, the only thing that tells. A `mergedSummary` has to be confirmed with
 * `splitMergedHermesSummary`.
 */
export function classifyHermesContent(role: string | null, contentStart: string): HermesTextKind | null {
  if (role !== 'user' && role !== 'assistant') return null
  const text = contentStart.replace(partsBeforeText, '').trimStart()
  if (isSummaryText(text)) return 'summary'
  if (text.startsWith(mergedSummaryPrefix)) return 'mergedSummary'
  return role === 'user' && syntheticUserMessagePrefixes.some((prefix) => text.startsWith(prefix)) ? 'synthetic' : null
}

/** The two sections of a merged summary; null if the parts are not those of one. */
export function splitMergedHermesSummary(
  parts: readonly MessagePart[],
): { readonly ownText: MessagePart[]; readonly summary: MessagePart[] } | null {
  const delimiterIndex = parts.findLastIndex((part) => part.type === 'text' && findSummaryDelimiter(part.text) >= 0)
  const [first, delimiterPart] = [parts[0], parts[delimiterIndex]]
  if (first?.type !== 'text' || delimiterPart?.type !== 'text' || !mergedSummaryHeader.test(first.text)) return null
  const delimiterAt = findSummaryDelimiter(delimiterPart.text)
  const summary = delimiterPart.text.slice(delimiterAt + mergedSummaryDelimiter.length).trimStart()
  const ownParts = [
    ...parts.slice(0, delimiterIndex),
    { ...delimiterPart, text: delimiterPart.text.slice(0, delimiterAt) },
  ]
  const ownText = ownParts.flatMap((part, index): MessagePart[] => {
    if (part.type !== 'text') return [part]
    const text = (index === 0 ? part.text.replace(mergedSummaryHeader, '') : part.text).trim()
    return text === '' ? [] : [{ ...part, text }]
  })
  return {
    ownText,
    summary: [{ ...delimiterPart, text: summary }, ...parts.slice(delimiterIndex + 1)],
  }
}

/** The text of a content as Hermes writes it into a message's first row: parts on lines of their own, images as a word. */
export function toComparableHermesText(content: Json): string {
  const parts = Array.isArray(content) ? content : [content]
  const texts = parts.flatMap((part) => {
    if (typeof part === 'string') return [part]
    if (!isJsonObject(part)) return []
    if (imagePartTypes.has(part.type)) return [imagePlaceholder]
    return typeof part.text === 'string' ? [part.text] : []
  })
  const [text = ''] = texts
    .join('\n')
    .replaceAll(strippedImagePlaceholder, imagePlaceholder)
    .split(`\n\n${hermesTaskListHeading}`)
  return text.trim()
}

/**
 * Cuts a comparable text into the copied message and the summary; null if it is no merged summary. The copied message may have
 * been a merged summary before: then its own text is returned.
 */
export function splitComparableHermesText(
  comparableText: string,
  depth = 1,
): { readonly ownText: string; readonly summary: string } | null {
  const split = splitMergedHermesSummary([{ type: 'text', text: comparableText }])
  if (!split) return null
  const [own, summary] = [split.ownText[0], split.summary[0]]
  const ownText = own?.type === 'text' ? own.text : ''
  return {
    ownText: (depth < maxMergedSummaries ? splitComparableHermesText(ownText, depth + 1)?.ownText : null) ?? ownText,
    summary: summary?.type === 'text' ? summary.text : '',
  }
}

/** The index of the last delimiter with a summary after it: the message before it may itself be a merged summary. Or -1. */
function findSummaryDelimiter(text: string): number {
  const sections = text.split(mergedSummaryDelimiter)
  const summaryIndex = sections.findLastIndex((section, index) => index > 0 && isSummaryText(section.trimStart()))
  return summaryIndex < 0 ? -1 : sections.slice(0, summaryIndex).join(mergedSummaryDelimiter).length
}

function isSummaryText(text: string): boolean {
  return summaryPrefixes.some((prefix) => text.startsWith(prefix))
}
