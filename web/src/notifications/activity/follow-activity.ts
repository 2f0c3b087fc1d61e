import type { SegueClient } from 'segue-client'
import type { WaitingDecisions } from '../../decisions/waiting/waiting-decisions.ts'
import { followProfiles } from '../../profiles/follow-profiles.ts'
import type { Activity } from './activity.ts'

interface ActivityListeners {
  readonly onActivity: (activity: Activity) => void
  /** What asked does not wait any more. */
  readonly onSettled: (decisionId: string) => void
}

/** Tells of answers that end and of what asks from now on, in all profiles. Returns a function that ends it. */
export function followActivity(
  client: SegueClient,
  waiting: WaitingDecisions,
  listeners: ActivityListeners,
): () => void {
  const stopEnds = followProfiles(client, (profile) => followEnds(client, profile, listeners))
  const stopAsking = followAsking(waiting, listeners)
  return () => {
    stopEnds()
    stopAsking()
  }
}

/** A conversation that no stream holds any more, or another one, has an answer that has ended. */
function followEnds(client: SegueClient, profile: string, { onActivity }: ActivityListeners): () => void {
  const list = client.conversations({ profile })
  let active = new Map<string, { readonly sessionId: string; readonly streamId: string }>()
  return list.subscribe(() => {
    const { conversations } = list.getSnapshot()
    const before = active
    active = new Map(
      conversations.flatMap(({ id, tip }) =>
        tip.activeStream ? [[id, { sessionId: tip.id, streamId: tip.activeStream.id }]] : [],
      ),
    )
    for (const { id, tip } of conversations) {
      const ended = before.get(id)
      if (!ended || ended.streamId === active.get(id)?.streamId) continue
      onActivity({ kind: 'ended', id: ended.streamId, sessionId: tip.id, streamId: ended.streamId })
    }
  })
}

function followAsking(waiting: WaitingDecisions, { onActivity, onSettled }: ActivityListeners): () => void {
  // What waited before is no news. Null until it is known.
  let known: ReadonlySet<string> | null = null
  const update = (): void => {
    const { waiting: all, isLoading } = waiting.getSnapshot()
    if (isLoading) return
    const before = known
    const ids = new Set(all.map(({ decision }) => decision.id))
    known = ids
    if (!before) return
    for (const id of before) if (!ids.has(id)) onSettled(id)
    for (const { decision } of all) {
      const { id, sessionId, streamId } = decision
      if (!before.has(id)) onActivity({ kind: 'asks', id, sessionId, streamId, decision })
    }
  }
  const stop = waiting.subscribe(update)
  update()
  return stop
}
