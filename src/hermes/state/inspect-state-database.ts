import { silentLogger } from '../../lib/logger.ts'
import { type HermesStateFileHealth, stateDatabaseHealthMessages } from './hermes-state-file-health.ts'
import { StateDatabase } from './state-database.ts'

const lockTimeoutMs = 2_000

/** The state of a state.db, what a person is told of it, and the tables and columns that it lacks. */
export interface StateDatabaseInspection {
  readonly health: HermesStateFileHealth
  readonly message: string
  readonly missing: readonly string[]
}

/** Reads a state.db once, and changes nothing. Blocks the thread: a server must not call it. */
export function inspectStateDatabase(path: string): StateDatabaseInspection {
  const database = new StateDatabase({ path, lockTimeoutMs, log: silentLogger })
  try {
    const missing = database.read<readonly string[]>([], ({ db, schema }) => {
      for (const table of ['sessions', 'messages'])
        if (!schema.missing.includes(table)) db.prepare(`SELECT count(*) FROM ${table}`).get()
      return schema.missing
    })
    const health = database.checkHealth()
    return { health, message: stateDatabaseHealthMessages[health], missing }
  } finally {
    database.close()
  }
}
