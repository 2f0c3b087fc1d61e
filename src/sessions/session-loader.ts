import DataLoader from 'dataloader'
import type { LineageSummary } from '../model/conversation/lineage.ts'
import type { SessionRecord } from '../model/session.ts'
import { continuesSession, findLineageLinks, loadLineageSummary } from '../model/conversation/lineage.ts'
import { continueLineage } from '../model/conversation/continued-lineage.ts'
import type { CombinedSessionRepository } from './combined-session-repository.ts'

type Lineage = LineageSummary<SessionRecord>

const noAncestors: readonly SessionRecord[] = []

/**
 * Loads sessions and lineages in batches. Lives for one execution: a query, a mutation, or one event of a subscription. It
 * caches rows, so a longer life would serve stale ones.
 */
export class SessionLoader {
  readonly #sessions: DataLoader<string, SessionRecord | null>
  readonly #oldestRetries: DataLoader<string, SessionRecord | null>
  /** What was read, null for an unknown id. */
  readonly #rows = new Map<string, SessionRecord | null>()
  /** What was read, too, and is not in `#rows` yet: few executions load what their lists have read. */
  readonly #primed: (readonly SessionRecord[])[] = []
  readonly #lineages = new Map<string, Lineage | Promise<Lineage>>()

  constructor(sessions: Pick<CombinedSessionRepository, 'findMany' | 'findOldestRetries'>) {
    // No maxBatchSize: all lineage walks must advance together, so that one query serves the next hop of all of them.
    this.#sessions = new DataLoader(
      async (ids) => {
        const rows = await sessions.findMany(ids)
        for (const id of ids) this.#rows.set(id, rows.get(id) ?? null)
        return ids.map((id) => rows.get(id) ?? null)
      },
      { cache: false },
    )
    this.#oldestRetries = new DataLoader(async (placeIds) => {
      const retries = await sessions.findOldestRetries(placeIds)
      return placeIds.map((id) => retries.get(id) ?? null)
    })
  }

  /** At once if it was read before. */
  load(id: string): SessionRecord | null | Promise<SessionRecord | null> {
    const row = this.#findRead(id)
    return row === undefined ? this.#sessions.load(id) : row
  }

  /** Undefined for an id that was not read before. */
  #findRead(id: string): SessionRecord | null | undefined {
    if (this.#primed.length > 0) for (const sessions of this.#primed.splice(0)) this.#keep(sessions)
    return this.#rows.get(id)
  }

  /** Adds sessions that were just read to the cache, unless they were read before. */
  prime(sessions: readonly SessionRecord[]): void {
    this.#primed.push(sessions)
  }

  #keep(sessions: readonly SessionRecord[]): void {
    for (const session of sessions) if (!this.#rows.has(session.id)) this.#rows.set(session.id, session)
  }

  /**
   * The lineage of a session: at once, as far as the rows were read before. All walks of the execution share rows: a page costs
   * one query per hop, chunk and database.
   */
  loadLineage(session: SessionRecord): Lineage | Promise<Lineage> {
    let lineage = this.#lineages.get(session.id) ?? this.#continueKnownLineage(session)
    if (!lineage) {
      lineage = loadLineageSummary(session, {
        findSession: (id) => this.load(id),
        findOldestRetry: (placeId) => this.#oldestRetries.load(placeId),
      })
      this.#lineages.set(session.id, lineage)
    }
    return lineage
  }

  /**
   * The lineages of the sessions of a page are parts of each other. Goes up to one that is known, or to a session that continues
   * none, and comes back. Null if that is not possible with what was read before, or without retries and cycles.
   */
  #continueKnownLineage(session: SessionRecord): Lineage | null {
    const path: SessionRecord[] = []
    let current = session
    let known: Lineage | Promise<Lineage> | undefined
    while (!known) {
      const { takesPlaceOf, continues } = findLineageLinks(current)
      const parent = continues === null ? null : this.#findRead(continues)
      if (takesPlaceOf !== null || parent === undefined || path.includes(current)) return null
      if (parent && continuesSession(current, parent)) {
        path.push(current)
        current = parent
        known = this.#lineages.get(current.id)
      } else {
        known = { parent: null, root: current, segmentCount: 1, ancestors: noAncestors, isCyclic: false }
        this.#lineages.set(current.id, known)
      }
    }
    for (let child = path.pop(); child; child = path.pop()) {
      const lineage: Lineage | null = known instanceof Promise ? null : continueLineage(current, known)
      if (!lineage) return null
      this.#lineages.set(child.id, lineage)
      known = lineage
      current = child
    }
    return known instanceof Promise ? null : known
  }

  /** The sessions that a session continues, and itself, oldest first: those that its lineage counts. */
  async loadChain(session: SessionRecord): Promise<SessionRecord[]> {
    const { ancestors } = await this.loadLineage(session)
    return [...ancestors.toReversed(), session]
  }
}
