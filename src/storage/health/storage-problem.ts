import { SegueError } from '../../lib/errors.ts'
import { StorageError, type StorageFailure } from '../errors.ts'

/** The failures that lie outside the program: whoever runs the server can end them. */
export type StorageProblemKind = Extract<
  StorageFailure,
  'FULL' | 'READ_ONLY' | 'IO' | 'CORRUPT' | 'REPLACED' | 'HOME_LOST' | 'UNREACHABLE'
>

/** What clients, `/ready` and the log say of each. */
const problemDescriptions: Readonly<Record<StorageProblemKind, string>> = {
  FULL: 'The disk of the server is full. Free some space on it.',
  READ_ONLY: 'The disk or the home of the server is read-only. Make the home writable for the server.',
  IO: 'The disk of the server fails. See the log of the server, and check the disk.',
  CORRUPT: 'The database of the profile is damaged. Stop the server and run `segue doctor`.',
  REPLACED:
    'The database of the profile was deleted or replaced while the server runs. Put the right file there and restart the server.',
  HOME_LOST:
    'The lock.db of the home was deleted or replaced while the server runs, and cannot be locked again. Make sure that no other server uses the home, and restart the server.',
  UNREACHABLE:
    'The PostgreSQL of the server cannot be reached, or accepts no writes. Check that it runs, and see the log of the server.',
}

/** Which problem of the storage an error tells of; null for any other error. */
export function findStorageProblem(error: unknown): StorageProblemKind | null {
  return error instanceof StorageError && isProblemKind(error.failure) ? error.failure : null
}

export function describeStorageProblem(kind: StorageProblemKind): string {
  return problemDescriptions[kind]
}

/** The error that clients receive for a problem of the storage; null for any other error. */
export function toPublicStorageError(error: unknown): SegueError | null {
  const kind = findStorageProblem(error)
  return kind === null ? null : new SegueError('STORAGE', describeStorageProblem(kind))
}

function isProblemKind(failure: StorageFailure): failure is StorageProblemKind {
  return Object.hasOwn(problemDescriptions, failure)
}
