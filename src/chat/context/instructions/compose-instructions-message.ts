import type { ModelMessage } from 'ai'
import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'

/** The message that instructs the model, and what it has. */
export interface InstructionsMessage {
  /** Empty if there are no instructions. */
  readonly messages: readonly ModelMessage[]
  /** 0 if nothing is counted. */
  readonly tokens: number
}

/** Instructions take at most this share of the input. If they are longer, their beginning and end are sent. */
const maxInstructionsShare = 0.5

/** Composes the message that a request begins with. `budgetTokens`: what the whole input may have; it may be infinite. */
export function composeInstructionsMessage(
  instructions: string | null,
  budgetTokens: number,
  counter: TokenCounter,
): InstructionsMessage {
  if (instructions === null) return { messages: [], tokens: 0 }
  if (!Number.isFinite(budgetTokens)) return { messages: [{ role: 'system', content: instructions }], tokens: 0 }
  const content = shortenText(instructions, budgetTokens * maxInstructionsShare, counter)
  const messages: ModelMessage[] = [{ role: 'system', content }]
  return { messages, tokens: counter.countMessages(messages) }
}
