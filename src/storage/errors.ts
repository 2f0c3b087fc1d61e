/**
 * What every implementation of the storage port throws. An engine's errors never leave its folder: they are mapped to
 * these.
 */

/** The log of a session does not end where the writer expects: someone else wrote. Nothing was written. */
export class LogVersionConflictError extends Error {
  override readonly name = 'LogVersionConflictError'
}

/** The stream has ended, has a newer generation, or belongs to another process. Nothing was written. */
export class FencingError extends Error {
  override readonly name = 'FencingError'
  readonly streamId: string

  constructor(streamId: string) {
    super(`The stream ${streamId} has ended, or belongs to another process.`)
    this.streamId = streamId
  }
}

/** The stored job or run has another revision than the writer expects. Nothing was written. */
export class JobRevisionConflictError extends Error {
  override readonly name = 'JobRevisionConflictError'
}

/** The profile has as many jobs as it may have. Nothing was written. */
export class JobLimitError extends Error {
  override readonly name = 'JobLimitError'
}

/** As many runs of jobs are in progress as may be. Nothing was written. */
export class JobRunLimitError extends Error {
  override readonly name = 'JobRunLimitError'
}

/**
 * What kind of failure the engine reports: a broken constraint, a lock that is held too long, a full or read-only disk,
 * an I/O error, a damaged file, a file that was deleted or replaced while it was open, a home whose lock was lost, a
 * database that cannot be reached or does not accept writes, or anything else.
 */
export type StorageFailure =
  | 'CONSTRAINT'
  | 'BUSY'
  | 'FULL'
  | 'READ_ONLY'
  | 'IO'
  | 'CORRUPT'
  | 'REPLACED'
  | 'HOME_LOST'
  | 'UNREACHABLE'
  | 'OTHER'

/** The engine failed. The transaction was rolled back, except for `UnknownOutcomeError`. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly failure: StorageFailure

  /** `cause`: the engine's own error. */
  constructor(failure: StorageFailure, cause: Error) {
    super(cause.message, { cause })
    this.failure = failure
  }
}

/** Nobody knows whether the transaction was committed: its connection was lost, and the database does not know it any more. */
export class UnknownOutcomeError extends StorageError {
  constructor(cause: Error) {
    super('UNREACHABLE', cause)
  }
}

/** The key of a call is in use: another process has executed the call. Nothing was written. */
export class IdempotencyKeyInUseError extends StorageError {
  constructor(cause: Error) {
    super('CONSTRAINT', cause)
  }
}

/** A newer Segue wrote the database. It was not changed. */
export class DatabaseTooNewError extends Error {
  override readonly name = 'DatabaseTooNewError'

  constructor(path: string, version: number, latestVersion: number) {
    super(
      `The database ${path} has version ${version}; this Segue supports versions up to ${latestVersion}. ` +
        'Start the newer Segue that wrote it, or start with another --home.',
    )
  }
}

/** An older Segue wrote the database, and it was opened for reading only. It was not changed. */
export class DatabaseNotMigratedError extends Error {
  override readonly name = 'DatabaseNotMigratedError'

  constructor(path: string) {
    super(`The database ${path} was written by an older Segue. Start this version once to migrate it.`)
  }
}

/** The file is damaged, is not a database, or cannot be opened. It was not changed. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError'

  /** `advice`: what to do about it. */
  constructor(
    path: string,
    cause: Error,
    advice = 'Run segue doctor, which says what to do, or start with another --home.',
  ) {
    super(`The database ${path} cannot be used: ${cause.message}. ${advice}`, { cause })
  }
}

/** Another server uses the home. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError'

  constructor(home: string) {
    super(`Another Segue server uses the home ${home}. Stop it, or name another home with --home or SEGUE_HOME.`)
  }
}

/** What to do about errors of the operating system when a home is created and locked. */
const homeAdvice: Readonly<Partial<Record<string, string>>> = {
  ENOSPC: 'its disk is full. Free some space on it.',
  EDQUOT: 'its disk is full for this user. Free some space on it.',
  EROFS: 'its disk is read-only. Make it writable, or start with another --home.',
  EACCES: 'this user cannot write to it and its lock.db. Change their owner or mode, or start with another --home.',
  EPERM: 'this user cannot write to it and its lock.db. Change their owner or mode, or start with another --home.',
  ENOENT: 'no folder can be created there. Start with another --home.',
  ENOTDIR: 'it is not a folder. Move what is there away, or start with another --home.',
  EEXIST: 'it is not a folder. Move what is there away, or start with another --home.',
}

function describeHomeError(cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : ''
  return homeAdvice[code] ?? `${cause.message}. Make it a writable folder, and delete its lock.db if that is damaged.`
}

/** The home is not a writable folder, its lock file is damaged, or only a part of a home was copied into it. */
export class UnusableHomeError extends Error {
  override readonly name = 'UnusableHomeError'

  /** `reason`: why, and what to do. */
  constructor(home: string, cause: Error | null, reason = cause === null ? '' : describeHomeError(cause)) {
    super(`The home ${home} cannot be used: ${reason}`, { cause })
  }
}
