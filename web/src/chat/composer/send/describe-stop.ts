import type { CancelResult, ChatMessage } from 'segue-client'
import { strings } from '../../../strings/strings.ts'

/** What became of an answer that was stopped, for people: what of it is saved, and what came back. */
export function describeStop({ outcome, message, withdrawn }: CancelResult): string {
  const { stopped } = strings.composer
  const saved = message ? listSaved(message) : []
  const main =
    outcome === 'ALREADY_FINISHED'
      ? stopped.alreadyFinished
      : saved.length > 0
        ? stopped.saved(new Intl.ListFormat('en').format(saved))
        : stopped.nothing
  return withdrawn.length > 0 ? `${main} ${stopped.withdrawn(withdrawn.length)}` : main
}

function listSaved({ parts }: ChatMessage): string[] {
  const { stopped } = strings.composer
  const words = parts.reduce((sum, part) => sum + (part.type === 'text' ? countWords(part.text) : 0), 0)
  const toolCalls = parts.filter(({ type }) => type === 'tool').length
  const files = parts.filter(({ type }) => type === 'file').length
  const list = [
    words > 0 && stopped.words(words),
    toolCalls > 0 && stopped.toolCalls(toolCalls),
    files > 0 && stopped.files(files),
  ].filter((text) => text !== false)
  const hasReasoning = parts.some((part) => part.type === 'reasoning' && part.text !== '')
  return list.length === 0 && hasReasoning ? [stopped.reasoning] : list
}

/** Counts words, also of languages that put no spaces between them. */
function countWords(text: string): number {
  let count = 0
  for (const { isWordLike } of new Intl.Segmenter('en', { granularity: 'word' }).segment(text))
    if (isWordLike) count += 1
  return count
}
