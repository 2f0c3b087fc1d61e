import { expect, test } from 'vitest'
import {
  hasSqlStatementSubscribers,
  publishSqlStatement,
  type ExecutedSqlStatement,
  createSqlStatementPublisher,
  subscribeToSqlStatements,
} from '../../../src/lib/sql-channel.ts'

test('statements reach subscribers until they unsubscribe', () => {
  const statement: ExecutedSqlStatement = { database: 'segue', path: '/home/segue.db', sql: 'SELECT 1' }
  const statements: ExecutedSqlStatement[] = []
  {
    using _ = subscribeToSqlStatements((published) => void statements.push(published))
    expect(hasSqlStatementSubscribers()).toBe(true)
    publishSqlStatement(statement)
    createSqlStatementPublisher('hermes', '/home/state.db')?.('SELECT 2')
  }
  publishSqlStatement(statement)
  expect(statements).toEqual([statement, { database: 'hermes', path: '/home/state.db', sql: 'SELECT 2' }])
})

test('without a subscriber there is no publisher, so that SQLite formats no statements', () => {
  expect(hasSqlStatementSubscribers()).toBe(false)
  expect(createSqlStatementPublisher('segue', '/home/segue.db')).toBeUndefined()
})
