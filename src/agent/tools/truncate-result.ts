import type { Json } from '../../model/records.ts'

export interface LimitedResult {
  readonly result: Json
  /** The hash of the file that holds the result whole, where `result` is only its beginning. */
  readonly file?: string
}

/**
 * A result as the log and the model are told it. One that is longer than so many UTF-16 code units is kept whole as a
 * file, as the text or the JSON that it is, and its beginning stands for it, with a note of what is left out.
 */
export async function limited(
  result: Json,
  longest: number,
  keep: (bytes: Uint8Array) => Promise<string>,
): Promise<LimitedResult> {
  const text = typeof result === 'string' ? result.toWellFormed() : JSON.stringify(result)
  if (text.length <= longest) return { result }
  const file = await keep(Buffer.from(text))
  const shown = text.slice(0, longest).toWellFormed()
  return {
    result: `${shown}\n[The first ${shown.length} of ${text.length} characters. The rest is kept, and not shown here.]`,
    file,
  }
}
