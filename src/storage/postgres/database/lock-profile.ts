import type { PostgresStatement } from './postgres-statement.ts'

/** Locks the row of the profile against other changes of it, but not against new rows that refer to it. */
export const lockProfile: PostgresStatement = {
  name: 'lock-profile',
  text: 'SELECT name FROM profiles WHERE name = $1 FOR NO KEY UPDATE',
}
