import type { Approval, ApprovalDecision, JsonObject } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { type RefObject, useState } from 'react'
import {
  type ArgumentEdit,
  argumentDraft,
  areFlat,
  hasError,
  readArgumentEdit,
  toEditedArguments,
} from '../arguments/argument-edit.ts'
import { readToolArguments, toSendableArguments } from '../arguments/tool-arguments.ts'
import { type AnswerState, useAnswer } from '../card/use-answer.ts'
import type { DecisionDraft } from '../draft/decision-drafts.ts'
import { type ChangeDraft, useDecisionDraft } from '../draft/use-decision-draft.ts'
import { readPattern } from './pattern-draft.ts'

/** Decisions that allow later calls as well. */
export type GrantDecision = 'SESSION' | 'ALWAYS'

/** An approval that waits, what was typed in answer to it, and the ways to answer it. */
export interface PendingApprovalState extends Pick<AnswerState, 'isSending' | 'error'> {
  readonly approval: Approval
  readonly draft: DecisionDraft
  readonly change: ChangeDraft
  /** What the model wrote. Null if it is not an object. */
  readonly original: JsonObject | null
  readonly edit: ArgumentEdit
  /** What the tool would run with. Null while the edit has an error. */
  readonly current: JsonObject | null
  readonly isEdited: boolean
  /** The decision whose details are asked for, before it is sent. */
  readonly grant: GrantDecision | null
  setGrant(grant: GrantDecision | null): void
  can(decision: ApprovalDecision): boolean
  send(decision: ApprovalDecision): void
  startEdit(): void
}

export function usePendingApproval(approval: Approval, card: RefObject<HTMLElement | null>): PendingApprovalState {
  const { id, toolCall, choices } = approval
  const client = useSegueClient()
  const { isSending, error, send: sendAnswer } = useAnswer(id, card)
  const [draft, change] = useDecisionDraft(id)
  const [grant, setGrant] = useState<GrantDecision | null>(null)
  const original = readToolArguments(toolCall)
  const edit = readArgumentEdit(toolCall, original, draft)
  const edited = toEditedArguments(toolCall, original, edit)
  const current = hasError(edit) ? null : (edited ?? original)
  const can = (decision: ApprovalDecision): boolean =>
    choices.includes(decision) && !isSending && (decision === 'DENY' || !hasError(edit))
  const send = (decision: ApprovalDecision): void => {
    if (!can(decision)) return
    const reason = draft['note']?.trim()
    const isGrant = decision === 'SESSION' || decision === 'ALWAYS'
    const pattern = isGrant ? readPattern(current ?? {}, draft).pattern : null
    const changed = decision === 'DENY' ? null : edited
    const options = {
      ...(reason && { reason }),
      ...(changed && { arguments: toSendableArguments(changed) }),
      ...(pattern && { pattern: toSendableArguments(pattern) }),
    }
    void sendAnswer(() => client.answerApproval(id, { decision, ...options }))
  }
  const startEdit = (): void => change({ [argumentDraft.mode]: original && areFlat(original) ? 'fields' : 'json' })
  const draftState = { draft, change, original, edit, current, isEdited: edited !== null }
  return { approval, isSending, error, ...draftState, grant, setGrant, can, send, startEdit }
}
