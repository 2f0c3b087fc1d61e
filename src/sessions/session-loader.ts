import DataLoader from 'dataloader'
import type { Lineage } from '../model/lineage.ts'
import type { SessionRecord } from '../model/session.ts'
import { loadLineage } from '../model/lineage.ts'
import type { SessionRepository } from './session-repository.ts'

const maxBatchSize = 500

/**
 * Session rows by id and what follows from them, for one execution: a query, a mutation, one event of a subscription.
 * Held any longer it would go on serving the first row that it saw.
 */
export class SessionLoader {
  readonly #sessions: DataLoader<string, SessionRecord | null>
  readonly #messageCounts: DataLoader<SessionRecord, number, string>
  readonly #lineages = new Map<string, Promise<Lineage<SessionRecord>>>()

  constructor(sessions: SessionRepository) {
    // Not cut into batches here: the walks of one would run ahead of the others, and each read what one read can.
    this.#sessions = new DataLoader(async (ids) => {
      const rows = await sessions.findMany(ids)
      return ids.map((id) => rows.get(id) ?? null)
    })
    this.#messageCounts = new DataLoader(
      async (wanted) => {
        const counts = await sessions.countMessages(wanted)
        return wanted.map(({ id }) => counts.get(id) ?? 0)
      },
      { maxBatchSize, cacheKeyFn: ({ id }) => id },
    )
  }

  load(id: string): Promise<SessionRecord | null> {
    return this.#sessions.load(id)
  }

  /** Rows that were read just now need not be read again. */
  prime(sessions: readonly SessionRecord[]): void {
    for (const session of sessions) this.#sessions.prime(session.id, session)
  }

  /** All walks share the rows and go up in step: one query a hop, chunk and file, for a whole page. */
  loadLineage(session: SessionRecord): Promise<Lineage<SessionRecord>> {
    let lineage = this.#lineages.get(session.id)
    if (!lineage) {
      lineage = loadLineage(session, (id) => this.load(id))
      this.#lineages.set(session.id, lineage)
    }
    return lineage
  }

  /** How many messages are stored. */
  loadMessageCount(session: SessionRecord): Promise<number> {
    return this.#messageCounts.load(session)
  }
}
