import { type Json, stringifyJson } from '../../lib/text/json.ts'
import { findGraphemeStart } from '../../lib/text/truncate.ts'

export interface TruncatedToolResult {
  readonly result: Json
  /** Hash of the file with the complete result, if `result` is truncated. */
  readonly fileHash?: string
}

/**
 * Shortens a tool result for the log and the model. A result of more than `maxLength` UTF-16 code units is stored
 * completely as a file, as text or JSON, and is replaced by its beginning with a note.
 */
export async function truncateToolResult(
  result: Json,
  maxLength: number,
  storeFile: (bytes: Uint8Array) => Promise<string>,
): Promise<TruncatedToolResult> {
  const text = typeof result === 'string' ? result.toWellFormed() : stringifyJson(result)
  if (text.length <= maxLength) return { result }
  const fileHash = await storeFile(Buffer.from(text))
  const preview = text.slice(0, findGraphemeStart(text, maxLength)).toWellFormed()
  return {
    result: `${preview}\n[Truncated: the first ${preview.length} of ${text.length} characters. The complete result is stored.]`,
    fileHash,
  }
}
