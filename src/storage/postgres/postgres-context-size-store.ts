import type { ContextSize } from '../../model/context/context-size.ts'
import type { ContextSizeStore } from '../sessions/context-size-store.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'

const updateContextSize: PostgresStatement = {
  name: 'update-context-size-at-head',
  text: 'UPDATE sessions SET context_size = $4 WHERE profile = $1 AND id = $2 AND head_seq = $3',
}

/** Keeps the sizes of contexts with the rows of their sessions. */
export class PostgresContextSizeStore implements ContextSizeStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async storeContextSize(sessionId: string, headSeq: number, size: ContextSize): Promise<void> {
    await this.#database.write((transaction) =>
      transaction.execute(updateContextSize, [sessionId, headSeq, JSON.stringify(size)]),
    )
  }
}
