import type { CancelResult, ChatMessage } from 'segue-client'
import { countWords } from '../../transcript/export/count-words.ts'
import { strings } from '../../../strings/strings.ts'

/** Whether a person has to know more of a stopped answer than its own end says. */
export function needsReport({ outcome, message, withdrawn }: CancelResult): boolean {
  return outcome === 'ALREADY_FINISHED' || message === null || withdrawn.length > 0
}

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

function listSaved(message: ChatMessage): string[] {
  const { parts } = message
  const { stopped } = strings.composer
  const words = countWords(message)
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
