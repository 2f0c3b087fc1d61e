import DataLoader from 'dataloader'
import type { Lineage } from '../model/lineage.ts'
import type { SessionRecord } from '../model/records.ts'
import { lineageOf } from './load-lineage.ts'
import type { Sessions } from './session-repository.ts'

const chunk = 500

/**
 * Session rows by id and what follows from them, for one execution: a query, a mutation, one event of a subscription.
 * Held any longer it would go on serving the first row that it saw.
 */
export class SessionLoader {
  readonly #rows: DataLoader<string, SessionRecord | null>
  readonly #counts: DataLoader<SessionRecord, number, string>
  readonly #lineages = new Map<string, Promise<Lineage<SessionRecord>>>()

  constructor(sessions: Sessions) {
    // Not cut into batches here: the walks of one would run ahead of the others, and each read what one read can.
    this.#rows = new DataLoader(async (ids) => {
      const rows = await sessions.byId(ids)
      return ids.map((id) => rows.get(id) ?? null)
    })
    this.#counts = new DataLoader(
      async (wanted) => {
        const counts = await sessions.messageCounts(wanted)
        return wanted.map(({ id }) => counts.get(id) ?? 0)
      },
      { maxBatchSize: chunk, cacheKeyFn: ({ id }) => id },
    )
  }

  load(id: string): Promise<SessionRecord | null> {
    return this.#rows.load(id)
  }

  /** Rows that were read just now need not be read again. */
  know(sessions: readonly SessionRecord[]): void {
    for (const session of sessions) this.#rows.prime(session.id, session)
  }

  /** All walks share the rows and go up in step: one query a hop, chunk and file, for a whole page. */
  lineage(session: SessionRecord): Promise<Lineage<SessionRecord>> {
    let lineage = this.#lineages.get(session.id)
    if (!lineage) {
      lineage = lineageOf(session, (id) => this.load(id))
      this.#lineages.set(session.id, lineage)
    }
    return lineage
  }

  /** How many messages are stored. */
  messageCount(session: SessionRecord): Promise<number> {
    return this.#counts.load(session)
  }
}
