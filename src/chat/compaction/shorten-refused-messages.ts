import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import type { MessageRecord } from '../../model/message.ts'
import { splitIntoTurns } from '../context/trimming/context-turns.ts'
import { readPartText, shortenLongMessage } from '../context/trimming/shorten-long-message.ts'

export interface RefusedMessageOptions {
  /** In tokens. */
  readonly contextWindow: number
  /** The longest request for a summary, in tokens. */
  readonly maxPromptTokens: number
  readonly counter: TokenCounter
}

/**
 * Cuts messages that were refused because each of them alone is longer than the window, to their beginning and end: nobody
 * has answered them, and to summarise them whole would take a great many requests, for which the next message waits.
 */
export function shortenRefusedMessages(
  messages: readonly MessageRecord[],
  options: RefusedMessageOptions,
): readonly MessageRecord[] {
  return splitIntoTurns(messages).flatMap((turn) =>
    turn.some(({ role }) => role === 'ASSISTANT') ? turn : turn.map((message) => shortenIfTooLong(message, options)),
  )
}

function shortenIfTooLong(
  message: MessageRecord,
  { contextWindow, maxPromptTokens, counter }: RefusedMessageOptions,
): MessageRecord {
  const text = message.parts.map((part) => readPartText(part) ?? '').join('\n\n')
  if (message.role !== 'USER' || counter.countTextAtLeast(text) <= contextWindow) return message
  return shortenLongMessage(message, maxPromptTokens, counter)
}
