import type { Json } from '../../lib/json.ts'

export interface TruncatedResult {
  readonly result: Json
  /** The hash of the file that holds the result whole, where `result` is only its beginning. */
  readonly fileHash?: string
}

/**
 * A result as the log and the model are told it. One that is longer than so many UTF-16 code units is kept whole as a
 * file, as the text or the JSON that it is, and its beginning stands for it, with a note of what is left out.
 */
export async function truncateResult(
  result: Json,
  maxLength: number,
  storeFile: (bytes: Uint8Array) => Promise<string>,
): Promise<TruncatedResult> {
  const text = typeof result === 'string' ? result.toWellFormed() : JSON.stringify(result)
  if (text.length <= maxLength) return { result }
  const fileHash = await storeFile(Buffer.from(text))
  const preview = text.slice(0, maxLength).toWellFormed()
  return {
    result: `${preview}\n[The first ${preview.length} of ${text.length} characters. The rest is kept, and not shown here.]`,
    fileHash,
  }
}
