import { useCallback, useSyncExternalStore } from 'react'
import { type DecisionDraft, decisionDrafts } from './decision-drafts.ts'

export type ChangeDraft = (changes: { readonly [field: string]: string | null }) => void

/** What was typed in answer to a decision, and a function that changes it; null takes a field away. */
export function useDecisionDraft(decisionId: string): readonly [draft: DecisionDraft, change: ChangeDraft] {
  const getDraft = useCallback(() => decisionDrafts.get(decisionId), [decisionId])
  const draft = useSyncExternalStore(decisionDrafts.subscribe, getDraft)
  const change = useCallback<ChangeDraft>((changes) => decisionDrafts.change(decisionId, changes), [decisionId])
  return [draft, change]
}
