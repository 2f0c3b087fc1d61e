import {
  type Approval,
  type Clarification,
  type PendingDecisionsSnapshot,
  type SegueError,
  type SegueClient,
} from 'segue-client'
import { ProfileNamesDocument } from '../../graphql/generated/graphql.ts'

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

const firstProfile = 'default'

/**
 * Everything that waits for a person, in all profiles. It starts with the first subscriber and stops when the last one leaves.
 * The profiles are read again whenever the page is looked at.
 */
export class WaitingDecisions {
  readonly #client: SegueClient
  readonly #listeners = new Set<() => void>()
  readonly #profiles = new Map<string, () => void>()
  readonly #snapshots = new Map<string, PendingDecisionsSnapshot>()
  readonly #known = new Map<string, WaitingDecision>()
  #areProfilesRead = false
  #snapshot: WaitingDecisionsSnapshot = { waiting: [], isLoading: true, error: null }

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
    document.addEventListener('visibilitychange', this.#onVisibilityChange)
    this.#followProfile(firstProfile)
    void this.#readProfiles()
  }

  #stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibilityChange)
    for (const stop of this.#profiles.values()) stop()
    this.#profiles.clear()
  }

  readonly #onVisibilityChange = (): void => {
    if (!document.hidden) void this.#readProfiles()
  }

  async #readProfiles(): Promise<void> {
    try {
      const { profiles } = await this.#client.request(ProfileNamesDocument)
      if (this.#listeners.size === 0) return
      for (const { name } of profiles) this.#followProfile(name)
      this.#areProfilesRead = true
    } catch {
      // What waits in the first profile is shown meanwhile, and the others when the page is looked at again.
      this.#areProfilesRead = true
    }
    this.#update()
  }

  #followProfile(name: string): void {
    if (this.#profiles.has(name)) return
    const decisions = this.#client.decisions({ profile: name })
    const update = (): void => {
      this.#snapshots.set(name, decisions.getSnapshot())
      this.#update()
    }
    this.#profiles.set(name, decisions.subscribe(update))
    update()
  }

  #update(): void {
    const snapshots = [...this.#snapshots]
    const waiting = snapshots.flatMap(([profile, { approvals, clarifications }]) =>
      [...approvals, ...clarifications].map((decision) => this.#toWaiting(profile, decision)),
    )
    const ids = new Set(waiting.map(({ decision }) => decision.id))
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id)
    const isLoading = !this.#areProfilesRead || snapshots.some(([, snapshot]) => snapshot.isLoading && !snapshot.error)
    // Only the first profile always exists: another one may have been deleted meanwhile.
    const error = this.#snapshots.get(firstProfile)?.error ?? null
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
