const chunkSizeBytes = 65_536

/** A text as UTF-8, in chunks that are small enough to see whether a consumer makes progress. */
export function* chunkBytes(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += chunkSizeBytes) yield bytes.subarray(start, start + chunkSizeBytes)
}
