import { useMemo, useSyncExternalStore } from 'react'
import type { PendingDecisions, PendingDecisionsSnapshot } from '../lists/pending-decisions.ts'
import type { SegueClient } from '../segue-client.ts'
import { useSegueClient } from './segue-provider.ts'
import { SharedSources } from './shared-sources.ts'

export interface UsePendingDecisionsResult
  extends PendingDecisionsSnapshot, Pick<SegueClient, 'answerApproval' | 'answerClarification'> {}

const sharedDecisions = new SharedSources<PendingDecisions>()

/** Everything in a profile that waits for a person, oldest first. Default: the profile `default`. */
export function usePendingDecisions({
  profile = 'default',
}: { readonly profile?: string } = {}): UsePendingDecisionsResult {
  const client = useSegueClient()
  const decisions = useMemo(
    () => sharedDecisions.get(client, profile, () => client.decisions({ profile })),
    [client, profile],
  )
  const snapshot = useSyncExternalStore(decisions.subscribe, decisions.getSnapshot, decisions.getSnapshot)
  const actions = useMemo<Pick<SegueClient, 'answerApproval' | 'answerClarification'>>(
    () => ({
      answerApproval: (...args) => client.answerApproval(...args),
      answerClarification: (...args) => client.answerClarification(...args),
    }),
    [client],
  )
  return useMemo(() => ({ ...snapshot, ...actions }), [snapshot, actions])
}
