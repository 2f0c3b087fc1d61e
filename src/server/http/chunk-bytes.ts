const chunkSizeBytes = 65_536

/** A text as UTF-8, in chunks that are small enough to see whether a consumer makes progress. */
export function* chunkBytes(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += chunkSizeBytes) yield bytes.subarray(start, start + chunkSizeBytes)
}

/** The size of a text, or of the chunks of one, as UTF-8. */
export function countBytes(body: string | readonly Buffer[]): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, { length }) => sum + length, 0)
}
