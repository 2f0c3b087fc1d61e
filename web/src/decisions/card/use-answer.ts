import { SegueError } from 'segue-client'
import { type RefObject, useState } from 'react'
import { strings } from '../../strings/strings.ts'
import { decisionDrafts } from '../draft/decision-drafts.ts'
import { markAnsweredHere } from './answered-here.ts'

export interface AnswerState {
  readonly isSending: boolean
  /** Why the server refused the last answer. */
  readonly error: string | null
  /** Sends an answer. What was typed stays until the server has accepted it. */
  send(request: () => Promise<unknown>): Promise<void>
}

/** Sends the answer to a decision from its card. */
export function useAnswer(decisionId: string, card: RefObject<HTMLElement | null>): AnswerState {
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const send = async (request: () => Promise<unknown>): Promise<void> => {
    if (isSending) return
    // The buttons go: the focus stays in the card.
    if (card.current?.contains(document.activeElement)) card.current.focus({ preventScroll: true })
    setSending(true)
    setError(null)
    const forget = markAnsweredHere(decisionId)
    try {
      await request()
      decisionDrafts.remove(decisionId)
    } catch (thrown) {
      forget()
      setError(thrown instanceof SegueError ? thrown.message : strings.decisions.failed)
    } finally {
      setSending(false)
    }
  }
  return { isSending, error, send }
}
