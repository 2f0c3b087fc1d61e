import { isSegueErrorCode, SegueError } from '../../lib/errors.ts'
import { type Json, parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'

/** The result of a command as text; of one that fails, its error. */
export async function formatResult(execution: Promise<Json>): Promise<string> {
  try {
    return stringifyJson({ value: await execution })
  } catch (error) {
    const { code, message, details } =
      error instanceof SegueError ? error : new SegueError('INTERNAL', 'The process that runs the stream has failed.')
    return JSON.stringify({ error: { code, message, details } })
  }
}

/** Returns the value of a result. Throws its error. */
export function parseResult(text: string): Json {
  const { value, error } = parseJsonWithExactNumbers(text)
  if (error) throw new SegueError(isSegueErrorCode(error.code) ? error.code : 'INTERNAL', error.message, error.details)
  return value
}
