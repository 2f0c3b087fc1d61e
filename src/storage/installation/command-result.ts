import { isSegueErrorCode, SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { type Json, parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import { IdempotencyKeyInUseError } from '../errors.ts'
import { toPublicStorageError } from '../health/storage-problem.ts'

/** What is told of an error that is not for clients: a sentence to them, and the error to the log. */
export interface UnexpectedErrorReport {
  readonly message: string
  readonly log: Logger
}

/** The result of a command as text; of one that fails, its error. */
export async function formatResult(
  execution: Promise<unknown>,
  { message: failure, log }: UnexpectedErrorReport,
): Promise<string> {
  try {
    return stringifyJson({ value: await execution })
  } catch (error) {
    const known = error instanceof SegueError ? error : toPublicStorageError(error)
    // Whoever has sent the command finds what the other call has done.
    const isRepetition = error instanceof IdempotencyKeyInUseError
    if (!known) (isRepetition ? log.debug : log.error).call(log, { err: error }, failure)
    const { code, message, details } = known ?? new SegueError('INTERNAL', failure)
    return JSON.stringify({ error: { code, message, details } })
  }
}

/** Returns the value of a result, as the process that executed the command has made it. Throws its error. */
export function parseResult<Result = Json>(text: string): Result {
  const { value, error } = parseJsonWithExactNumbers(text)
  if (error) throw new SegueError(isSegueErrorCode(error.code) ? error.code : 'INTERNAL', error.message, error.details)
  return value
}
