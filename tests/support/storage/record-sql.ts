import { onTestFinished } from 'vitest'
import { type ExecutedSqlStatement, subscribeToSqlStatements } from '../../../src/lib/sql-channel.ts'

/** Records the statements of all connections and workers that are opened later in this test, oldest first. */
export function recordSql(): ExecutedSqlStatement[] {
  const statements: ExecutedSqlStatement[] = []
  const subscription = subscribeToSqlStatements((statement) => void statements.push(statement))
  onTestFinished(() => subscription[Symbol.dispose]())
  return statements
}
