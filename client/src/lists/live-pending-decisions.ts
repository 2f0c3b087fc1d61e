import type { Approval, Clarification } from '../model/decision.ts'
import { subscribeWithRetry } from '../subscription/subscribe-with-retry.ts'
import { approvalsDocument, clarificationsDocument, pendingDecisionsDocument } from '../wire/documents.ts'
import { toApproval, toClarification } from '../wire/to-decision.ts'
import type { WireApproval, WireClarification } from '../wire/wire-types.ts'
import type { LiveListOptions } from './live-list-options.ts'
import type { PendingDecisions, PendingDecisionsSnapshot } from './pending-decisions.ts'
import { SnapshotStore } from './snapshot-store.ts'

interface WirePendingDecisions {
  readonly approvals: readonly WireApproval[]
  readonly clarifications: readonly WireClarification[]
}

/** See `PendingDecisions`. */
export function createPendingDecisions(
  { subscriber, requests, closing }: LiveListOptions,
  profile: string | undefined,
): PendingDecisions {
  const approvals = new PendingSet<Approval>()
  const clarifications = new PendingSet<Clarification>()
  const publish = (): void => store.update({ approvals: approvals.list(), clarifications: clarifications.list() })

  const follow = async <Wire, Decision extends Approval | Clarification>(
    query: string,
    pending: PendingSet<Decision>,
    toDecision: (wire: Wire) => Decision,
    signal: AbortSignal,
  ): Promise<void> => {
    const createOperation = () => ({ query, variables: { profile, settledSince: pending.settledSince() } })
    for await (const { event } of subscribeWithRetry<{ readonly event: Wire }>(subscriber, createOperation, signal)) {
      if (pending.add(toDecision(event)) && !store.getSnapshot().isLoading) publish()
    }
  }

  const readPending = async (signal: AbortSignal): Promise<void> => {
    const operation = { query: pendingDecisionsDocument, variables: { profile } }
    const read = await requests.send<WirePendingDecisions>(operation, { whileActive: signal })
    for (const approval of read.approvals) approvals.add(toApproval(approval))
    for (const clarification of read.clarifications) clarifications.add(toClarification(clarification))
    publish()
  }

  const store = new SnapshotStore<PendingDecisionsSnapshot>(
    { approvals: [], clarifications: [], isLoading: true, error: null },
    async (signal) => {
      await Promise.all([
        follow(approvalsDocument, approvals, toApproval, signal),
        follow(clarificationsDocument, clarifications, toClarification, signal),
        readPending(signal),
      ])
    },
    closing,
  )
  return store
}

/** The decisions of one kind that wait. A decision that was settled never waits again, in whatever order it arrives. */
class PendingSet<Decision extends Approval | Clarification> {
  readonly #pending = new Map<string, Decision>()
  readonly #settledIds = new Set<string>()

  /** False if it changes nothing. */
  add(decision: Decision): boolean {
    const { id, state } = decision
    if (state !== 'PENDING') {
      this.#settledIds.add(id)
      return this.#pending.delete(id)
    }
    if (this.#settledIds.has(id) || this.#pending.has(id)) return false
    this.#pending.set(id, decision)
    return true
  }

  /** Oldest first. */
  list(): Decision[] {
    return [...this.#pending.values()].sort((a, b) => a.requestedAt - b.requestedAt)
  }

  /**
   * From when on settled decisions must be told, to close all that wait here: none was settled before it was requested. By
   * the clock of the server, RFC 3339. Undefined if none waits.
   */
  settledSince(): string | undefined {
    const [oldest] = this.list()
    return oldest && new Date(oldest.requestedAt).toISOString()
  }
}
