import type { Approval, Clarification, PendingDecisionsSnapshot, SegueClient, SegueError } from 'segue-client'
import { defaultProfile } from '../../profiles/current-profile.ts'
import { followProfiles } from '../../profiles/follow-profiles.ts'

/** An approval or a question that waits, and whose profile it is. */
export interface WaitingDecision {
  readonly profile: string
  readonly decision: Approval | Clarification
}

export interface WaitingDecisionsSnapshot {
  /** Oldest first. What has not changed is the same object as before. */
  readonly waiting: readonly WaitingDecision[]
  /** Not all of it was read yet. */
  readonly isLoading: boolean
  readonly error: SegueError | null
}

/** Everything that waits for a person, in all profiles. It starts with the first subscriber and stops when the last one leaves. */
export class WaitingDecisions {
  readonly #client: SegueClient
  readonly #listeners = new Set<() => void>()
  readonly #snapshots = new Map<string, PendingDecisionsSnapshot>()
  readonly #known = new Map<string, WaitingDecision>()
  #areProfilesRead = false
  #snapshot: WaitingDecisionsSnapshot = { waiting: [], isLoading: true, error: null }
  #stop = (): void => {}

  constructor(client: SegueClient) {
    this.#client = client
  }

  readonly getSnapshot = (): WaitingDecisionsSnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stop()
    }
  }

  #start(): void {
    this.#stop = followProfiles(
      this.#client,
      (profile) => this.#followProfile(profile),
      () => {
        this.#areProfilesRead = true
        this.#update()
      },
    )
  }

  #followProfile(profile: string): () => void {
    const decisions = this.#client.decisions({ profile })
    const update = (): void => {
      this.#snapshots.set(profile, decisions.getSnapshot())
      this.#update()
    }
    const stop = decisions.subscribe(update)
    update()
    return stop
  }

  #update(): void {
    const snapshots = [...this.#snapshots]
    const waiting = snapshots.flatMap(([profile, { approvals, clarifications }]) =>
      [...approvals, ...clarifications].map((decision) => this.#toWaiting(profile, decision)),
    )
    const ids = new Set(waiting.map(({ decision }) => decision.id))
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id)
    const isLoading = !this.#areProfilesRead || snapshots.some(([, snapshot]) => snapshot.isLoading && !snapshot.error)
    // Only this profile always exists: another one may have been deleted meanwhile.
    const error = this.#snapshots.get(defaultProfile)?.error ?? null
    waiting.sort((a, b) => a.decision.requestedAt - b.decision.requestedAt)
    this.#snapshot = { waiting, isLoading, error }
    for (const listener of this.#listeners) listener()
  }

  #toWaiting(profile: string, decision: Approval | Clarification): WaitingDecision {
    const known = this.#known.get(decision.id)
    if (known?.decision === decision) return known
    const waiting = { profile, decision }
    this.#known.set(decision.id, waiting)
    return waiting
  }
}
