import DataLoader from 'dataloader'
import type { LineageSummary } from '../model/conversation/lineage.ts'
import type { SessionRecord } from '../model/session.ts'
import { loadLineageSummary } from '../model/conversation/lineage.ts'
import type { CombinedSessionRepository } from './combined-session-repository.ts'

type Lineage = LineageSummary<SessionRecord>

/**
 * Loads sessions and lineages in batches. Lives for one execution: a query, a mutation, or one event of a subscription. It
 * caches rows, so a longer life would serve stale ones.
 */
export class SessionLoader {
  readonly #sessions: DataLoader<string, SessionRecord | null>
  readonly #oldestRetries: DataLoader<string, SessionRecord | null>
  /** What was read, null for an unknown id. */
  readonly #rows = new Map<string, SessionRecord | null>()
  readonly #lineages = new Map<string, Lineage | Promise<Lineage>>()

  constructor(sessions: CombinedSessionRepository) {
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
    const row = this.#rows.get(id)
    return row === undefined ? this.#sessions.load(id) : row
  }

  /** Adds sessions that were just read to the cache, unless they were read before. */
  prime(sessions: readonly SessionRecord[]): void {
    for (const session of sessions) if (!this.#rows.has(session.id)) this.#rows.set(session.id, session)
  }

  /**
   * Walks up to the root: at once, as far as the rows were read before. All walks of the execution share rows: a page costs
   * one query per hop, chunk and database.
   */
  loadLineage(session: SessionRecord): Lineage | Promise<Lineage> {
    let lineage = this.#lineages.get(session.id)
    if (!lineage) {
      lineage = loadLineageSummary(session, {
        findSession: (id) => this.load(id),
        findOldestRetry: (placeId) => this.#oldestRetries.load(placeId),
      })
      this.#lineages.set(session.id, lineage)
    }
    return lineage
  }

  /** The sessions that a session continues, and itself, oldest first: those that its lineage counts. */
  async loadChain(session: SessionRecord): Promise<SessionRecord[]> {
    const { ancestors } = await this.loadLineage(session)
    return [...ancestors.toReversed(), session]
  }
}
