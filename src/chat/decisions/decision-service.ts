import { badInput, notFound, SegueError } from '../../lib/errors.ts'
import type { DecisionStore } from '../../storage/decision-store.ts'
import type { ApprovalDecision, ApprovalRecord, ClarificationRecord, DecisionRecord } from '../../model/records.ts'
import type { Bell } from '../../lib/notifier.ts'
import { abortable } from '../subscriptions/subscribe-to-log.ts'
import type { Live } from '../runtime/active-sessions.ts'
import type { Resolution } from '../turn/tool-call-outcome.ts'
import { within } from '../../lib/with-timeout.ts'

export interface DecisionsOptions {
  readonly store: DecisionStore
  readonly live: Live
  /** Rings after each commit that changed a decision. */
  readonly bell: Bell
  /** How long an answer waits for a storage that cannot save, in milliseconds. */
  readonly patience: number
}

type Kind = DecisionRecord['kind']
type Of<K extends Kind> = Extract<DecisionRecord, { readonly kind: K }>

const mostListed = 1000
const pageSize = 100
const longestAnswer = 100_000 // UTF-16 code units

/** What people decide and answer while an agent waits: listed, followed, and settled once each. */
export class Decisions {
  readonly #options: DecisionsOptions

  constructor(options: DecisionsOptions) {
    this.#options = options
  }

  /** Throws NOT_FOUND, and STALE when it is settled. */
  async answerApproval(id: string, decision: ApprovalDecision): Promise<ApprovalRecord> {
    return this.#settle('approval', id, { type: 'decided', decision })
  }

  /** Throws BAD_USER_INPUT for a blank or too long answer, NOT_FOUND, and STALE when it is settled. */
  async answerClarification(id: string, answer: string): Promise<ClarificationRecord> {
    if (answer.trim() === '' || answer.length > longestAnswer) {
      throw badInput(`An answer has 1 to ${longestAnswer} characters, one of which can be seen.`, 'answer')
    }
    return this.#settle('clarification', id, { type: 'answered', answer: answer.toWellFormed() })
  }

  async find(id: string): Promise<DecisionRecord | null> {
    return this.#options.store.decision(id)
  }

  /** Those that wait, or those that do not; of both when left out. The newest 1,000 of them. */
  async list<K extends Kind>(kind: K, which: { readonly pending?: boolean }): Promise<Of<K>[]> {
    const found = await this.#options.store.decisions({ ...which, kind, limit: mostListed, newest: true })
    return found.map(({ decision }) => decision).filter((decision) => isOf(kind, decision))
  }

  /** Those that wait in each of these sessions, the oldest first. */
  async pendingIn<K extends Kind>(kind: K, sessionIds: readonly string[]): Promise<Of<K>[][]> {
    // As many as there are: what waits is bounded by the answers that may be made at once.
    const limit = Number.MAX_SAFE_INTEGER
    const found = await this.#options.store.decisions({ kind, sessionIds, pending: true, limit })
    const bySession = Map.groupBy(
      found.map(({ decision }) => decision).filter((decision) => isOf(kind, decision)),
      ({ sessionId }) => sessionId,
    )
    return sessionIds.map((id) => bySession.get(id) ?? [])
  }

  /** All that wait now, then each one that changes, as it is by then: for as long as the profile is there. */
  follow<K extends Kind>(kind: K): AsyncIterableIterator<Of<K>> {
    return abortable((signal) => this.#changes(kind, signal))
  }

  async *#changes<K extends Kind>(kind: K, signal: AbortSignal): AsyncGenerator<Of<K>, void, void> {
    const { store, bell } = this.#options
    let rung = bell.rung
    const newest = await store.newestChange()
    // What changes while these are told is told behind them: none is missed, and none told twice.
    for (let seen = 0; seen < newest && !signal.aborted;) {
      const waiting = await store.decisions({ kind, pending: true, after: seen, limit: pageSize })
      for (const { change, decision } of waiting) if (change <= newest && isOf(kind, decision)) yield decision
      seen = waiting.at(-1)?.change ?? newest
    }
    let after = newest
    while (!signal.aborted && !bell.closed) {
      const changed = await store.decisions({ kind, after, limit: pageSize })
      for (const { change, decision } of changed) {
        after = change
        if (isOf(kind, decision)) yield decision
      }
      if (changed.length > 0) continue
      await bell.next(rung, signal)
      rung = bell.rung
    }
  }

  async #settle<K extends Kind>(kind: K, id: string, resolution: Resolution): Promise<Of<K>> {
    const decision = await this.#options.store.decision(id)
    if (!decision || decision.kind !== kind) throw notFound(kind, id)
    const running = this.#options.live.ownerOf(decision.streamId)?.running
    const fault = 'The answer could not be saved yet. It is being tried again.'
    const settled = running ? await within(this.#options.patience, fault, () => running.resolve(id, resolution)) : null
    if (settled && isOf(kind, settled)) return settled
    throw new SegueError('STALE', `This ${kind} does not wait any more.`)
  }
}

function isOf<K extends Kind>(kind: K, decision: DecisionRecord): decision is Of<K> {
  return decision.kind === kind
}
