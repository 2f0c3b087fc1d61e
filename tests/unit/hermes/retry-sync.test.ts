import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { retrySync, createHermesLockRetryPolicy } from '../../../src/hermes/state/retry-sync.ts'

/** Work that fails some times before it returns the number of calls. */
function newWork(failureCount: number, error: Error) {
  let calls = 0
  return () => {
    calls += 1
    if (calls <= failureCount) throw error
    return calls
  }
}

const locked = new Database.SqliteError('database is locked', 'SQLITE_BUSY')

test('work is repeated while the file is locked', () => {
  expect(retrySync(newWork(3, locked), createHermesLockRetryPolicy(10_000))).toBe(4)
})

test('the error is thrown when the file is locked for longer than the timeout', () => {
  expect(() => retrySync(newWork(Infinity, locked), createHermesLockRetryPolicy(50))).toThrow(locked)
  expect(() => retrySync(newWork(1, locked), createHermesLockRetryPolicy(0))).toThrow(locked)
})

test('any other error is thrown at once', () => {
  const corrupt = new Database.SqliteError('malformed', 'SQLITE_CORRUPT')
  expect(() => retrySync(newWork(1, corrupt), createHermesLockRetryPolicy(10_000))).toThrow(corrupt)
})
