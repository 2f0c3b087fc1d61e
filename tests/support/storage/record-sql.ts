import { onTestFinished } from 'vitest'
import { type SqlStatement, subscribeToStatements } from '../../../src/lib/sql-channel.ts'

/** Records the statements of all connections and workers that are opened later in this test, oldest first. */
export function recordSql(): SqlStatement[] {
  const statements: SqlStatement[] = []
  const subscription = subscribeToStatements((statement) => void statements.push(statement))
  onTestFinished(() => subscription[Symbol.dispose]())
  return statements
}
