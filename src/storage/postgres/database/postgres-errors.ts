import pg from 'pg'
import { IdempotencyKeyInUseError, LogVersionConflictError, StorageError, type StorageFailure } from '../../errors.ts'

/** By the beginnings of SQLSTATE codes, the longest first. See appendix A of PostgreSQL's manual. */
const failureByCode: readonly (readonly [prefix: string, failure: StorageFailure])[] = [
  ['53100', 'FULL'],
  // A replica, for example after a fail-over.
  ['25006', 'UNREACHABLE'],
  ['55P03', 'BUSY'],
  ['57014', 'BUSY'],
  ['40', 'BUSY'],
  ['23', 'CONSTRAINT'],
  // Too many connections.
  ['53', 'UNREACHABLE'],
  // It is starting or stopping, or an administrator has ended the connection.
  ['57P', 'UNREACHABLE'],
  ['25P03', 'UNREACHABLE'],
  ['08', 'UNREACHABLE'],
  // The password or the name of the database is wrong.
  ['28', 'UNREACHABLE'],
  ['3D000', 'UNREACHABLE'],
  ['58', 'IO'],
  ['XX001', 'CORRUPT'],
  ['XX002', 'CORRUPT'],
]

/** What the driver says, without a code, when a connection cannot be made or has ended. */
const connectionMessages = /connection|timeout|terminated|not queryable/i

/** Errors of the operating system while the connection is made or used. */
const connectionCodes = /^E(CONN|PIPE|HOST|NET|TIMEDOUT|ADDR|NOTFOUND|AI_)|^ENOENT$/

/**
 * Maps an error of PostgreSQL or of its driver to a `StorageError`; returns any other as it is. Of two processes that start a
 * stream in one session, the later one has written to a log that it did not know: for it that is a conflict.
 */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error
  if (error instanceof pg.DatabaseError) {
    if (error.constraint === 'active_streams')
      return new LogVersionConflictError('A stream runs in the session already.')
    if (error.constraint === 'idempotency_keys_pkey') return new IdempotencyKeyInUseError(error)
    const { code = '' } = error
    const failure = failureByCode.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'OTHER'
    return new StorageError(failure, error)
  }
  return isConnectionError(error) ? new StorageError('UNREACHABLE', error) : error
}

/** Whether a row was refused because its profile does not exist any more. */
export function isOfMissingProfile(error: unknown): boolean {
  const cause = error instanceof StorageError ? error.cause : null
  return (
    cause instanceof pg.DatabaseError && cause.constraint !== undefined && cause.constraint.endsWith('_profile_fkey')
  )
}

/** Whether the transaction may succeed when it is repeated: it met a deadlock, or a change that came in between. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01')
}

/** Whether the connection was lost, or none could be made. An error that is mapped already is final. */
export function isUnreachable(error: unknown): boolean {
  const mapped = error instanceof StorageError ? null : toStorageError(error)
  return mapped instanceof StorageError && mapped.failure === 'UNREACHABLE'
}

function isConnectionError(error: Error): boolean {
  if ('code' in error && typeof error.code === 'string') return connectionCodes.test(error.code)
  return error.constructor === Error && connectionMessages.test(error.message)
}
