import type { LiveChatMessage, MessageStream } from 'segue-client/react'
import { strings } from '../../../../strings/strings.ts'
import { countWords } from '../../export/count-words.ts'

export interface AnswerEnd {
  readonly text: string
  /** `quiet`: as somebody wanted it. */
  readonly tone: 'quiet' | 'warm'
  readonly canRetry: boolean
}

/**
 * How an answer ended that is not whole, in words for people. Null while it is being made, for a whole one, and for one that
 * failed. Without a stream, nothing is known of it.
 */
export function describeEnd(stream: MessageStream | null, savedWords: number): AnswerEnd | null {
  const { ends } = strings.transcript
  if (!stream) return { text: ends.unknown, tone: 'quiet', canRetry: false }
  switch (stream.status) {
    case 'CANCELLED':
      return {
        text: savedWords > 0 ? `${ends.stopped} ${ends.saved(savedWords)}` : ends.stoppedEmpty,
        tone: 'quiet',
        canRetry: true,
      }
    case 'COMPLETED':
      return describeFinish(stream.finishReason)
    default:
      return null
  }
}

function describeFinish(reason: MessageStream['finishReason']): AnswerEnd | null {
  const { ends } = strings.transcript
  switch (reason) {
    case 'LENGTH':
      return { text: ends.length, tone: 'warm', canRetry: true }
    case 'CONTENT_FILTER':
      return { text: ends.contentFilter, tone: 'warm', canRetry: true }
    case 'REFUSAL':
      return { text: ends.refusal, tone: 'warm', canRetry: true }
    case 'BUDGET':
      return { text: ends.budget, tone: 'warm', canRetry: false }
    default:
      return null
  }
}

/** How much of an answer was saved, in words for people. Empty for nothing. */
export function describeSavedWords(message: LiveChatMessage): string {
  const words = countWords(message)
  return words > 0 ? strings.transcript.ends.saved(words) : ''
}
