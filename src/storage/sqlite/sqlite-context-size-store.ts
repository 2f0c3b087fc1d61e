import type { ContextSize } from '../../model/context/context-size.ts'
import type { ContextSizeStore } from '../sessions/context-size-store.ts'
import { updateContextSize } from './tables/session-table.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

/** Keeps the sizes of contexts with the rows of their sessions. */
export class SqliteContextSizeStore implements ContextSizeStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async storeContextSize(sessionId: string, headSeq: number, size: ContextSize): Promise<void> {
    await this.#database.write(() => {
      const head = this.#database
        .prepare<[string], { head_seq: number }>('SELECT head_seq FROM sessions WHERE id = ?')
        .get(sessionId)
      if (head?.head_seq === headSeq) updateContextSize(this.#database, sessionId, size)
    })
  }
}
