import { isSegueErrorCode, SegueError } from '../../lib/errors.ts'
import { type Json, parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'

/** The result of a command as text; of one that fails, its error. `failure`: what is told of an error that is not for clients. */
export async function formatResult(execution: Promise<unknown>, failure: string): Promise<string> {
  try {
    return stringifyJson({ value: await execution })
  } catch (error) {
    const { code, message, details } = error instanceof SegueError ? error : new SegueError('INTERNAL', failure)
    return JSON.stringify({ error: { code, message, details } })
  }
}

/** Returns the value of a result, as the process that executed the command has made it. Throws its error. */
export function parseResult<Result = Json>(text: string): Result {
  const { value, error } = parseJsonWithExactNumbers(text)
  if (error) throw new SegueError(isSegueErrorCode(error.code) ? error.code : 'INTERNAL', error.message, error.details)
  return value
}
