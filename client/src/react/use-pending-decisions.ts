import { useCallback, useMemo } from 'react'
import type { PendingDecisions, PendingDecisionsSnapshot } from '../lists/pending-decisions.ts'
import type { SegueClient } from '../segue-client.ts'
import { useSegueClient } from './segue-provider.ts'
import { SharedSources } from './shared-sources.ts'
import { type IsEqual, useSnapshot } from './use-snapshot.ts'

type AnswerActions = Pick<SegueClient, 'answerApproval' | 'answerClarification'>

export interface UsePendingDecisionsResult extends PendingDecisionsSnapshot, AnswerActions {}

export interface UsePendingDecisionsOptions {
  /** Default: `default`. */
  readonly profile?: string
}

const sharedDecisions = new SharedSources<PendingDecisions>()

/**
 * Everything in a profile that waits for a person, oldest first. With a selector, such as one that counts, the component renders
 * only when what it selects changes.
 */
export function usePendingDecisions(options?: UsePendingDecisionsOptions): UsePendingDecisionsResult
export function usePendingDecisions<Selection>(
  options: UsePendingDecisionsOptions,
  selector: (decisions: UsePendingDecisionsResult) => Selection,
  isEqual?: IsEqual<Selection>,
): Selection
export function usePendingDecisions<Selection>(
  { profile = 'default' }: UsePendingDecisionsOptions = {},
  selector?: (decisions: UsePendingDecisionsResult) => Selection,
  isEqual?: IsEqual<Selection | UsePendingDecisionsResult>,
): Selection | UsePendingDecisionsResult {
  const client = useSegueClient()
  const decisions = useMemo(
    () => sharedDecisions.get(client, profile, () => client.decisions({ profile })),
    [client, profile],
  )
  const actions = useMemo<AnswerActions>(
    () => ({
      answerApproval: (...args) => client.answerApproval(...args),
      answerClarification: (...args) => client.answerClarification(...args),
    }),
    [client],
  )
  const select = useCallback(
    (snapshot: PendingDecisionsSnapshot) => {
      const result = { ...snapshot, ...actions }
      return selector ? selector(result) : result
    },
    [selector, actions],
  )
  return useSnapshot<PendingDecisionsSnapshot, Selection | UsePendingDecisionsResult>(decisions, select, isEqual)
}
