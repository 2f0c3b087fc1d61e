import type { SegueClient } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useSyncExternalStore } from 'react'
import { WaitingDecisions, type WaitingDecisionsSnapshot } from './waiting-decisions.ts'

const byClient = new WeakMap<SegueClient, WaitingDecisions>()

/** The one source of a client: all views share it. */
export function getWaitingDecisions(client: SegueClient): WaitingDecisions {
  const known = byClient.get(client)
  if (known) return known
  const created = new WaitingDecisions(client)
  byClient.set(client, created)
  return created
}

/** Everything that waits for a person, in all profiles, live. */
export function useWaitingDecisions(): WaitingDecisionsSnapshot {
  const waiting = getWaitingDecisions(useSegueClient())
  return useSyncExternalStore(waiting.subscribe, waiting.getSnapshot)
}

/** How many approvals and questions wait for a person, in all profiles. */
export function useWaitingCount(): number {
  const waiting = getWaitingDecisions(useSegueClient())
  return useSyncExternalStore(waiting.subscribe, () => waiting.getSnapshot().waiting.length)
}
