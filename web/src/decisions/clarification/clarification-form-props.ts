import type { Clarification, ClarificationAnswer } from 'segue-client'
import type { RefObject } from 'react'

/** What the ways to answer a question have in common. */
export interface ClarificationFormProps {
  readonly card: RefObject<HTMLDivElement | null>
  readonly clarification: Clarification
  readonly isSending: boolean
  onAnswer(answer: ClarificationAnswer): void
}
