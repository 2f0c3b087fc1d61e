import type { StateDatabaseConnection } from './state-database.ts'

/** The greatest rowid of a table; 0 without one. */
export function findMaxRowid({ db, schema }: StateDatabaseConnection, table: 'sessions' | 'messages'): number {
  const [column, from, hasTable] =
    table === 'sessions'
      ? ['sessions.rowid', schema.numberedSessionsSql, schema.hasSessions]
      : ['messages.id', 'messages', schema.hasMessages]
  if (!hasTable) return 0
  return db.prepare<[], { max: number | null }>(`SELECT max(${column}) AS max FROM ${from}`).get()?.max ?? 0
}
