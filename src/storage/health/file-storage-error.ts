import { StorageError, type StorageFailure } from '../errors.ts'

/** By the error codes of the operating system. */
const failureByCode: Readonly<Partial<Record<string, StorageFailure>>> = {
  ENOSPC: 'FULL',
  EDQUOT: 'FULL',
  EROFS: 'READ_ONLY',
  EACCES: 'READ_ONLY',
  EPERM: 'READ_ONLY',
  EIO: 'IO',
}

/** Maps an error of the file system to a `StorageError` if it tells of a problem; returns any other as it is. */
export function toFileStorageError(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const failure = failureByCode[String(error.code)]
  return failure ? new StorageError(failure, error) : error
}
