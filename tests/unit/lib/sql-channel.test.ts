import { expect, test } from 'vitest'
import {
  hasStatementSubscribers,
  publishStatement,
  type SqlStatement,
  statementPublisher,
  subscribeToStatements,
} from '../../../src/lib/sql-channel.ts'

test('statements reach subscribers until they unsubscribe', () => {
  const statement: SqlStatement = { database: 'segue', path: '/home/segue.db', sql: 'SELECT 1' }
  const statements: SqlStatement[] = []
  {
    using _ = subscribeToStatements((published) => void statements.push(published))
    expect(hasStatementSubscribers()).toBe(true)
    publishStatement(statement)
    statementPublisher('hermes', '/home/state.db')?.('SELECT 2')
  }
  publishStatement(statement)
  expect(statements).toEqual([statement, { database: 'hermes', path: '/home/state.db', sql: 'SELECT 2' }])
})

test('without a subscriber there is no publisher, so that SQLite formats no statements', () => {
  expect(hasStatementSubscribers()).toBe(false)
  expect(statementPublisher('segue', '/home/segue.db')).toBeUndefined()
})
