import { chunkSize } from './blob-tables.ts'

/** The same bytes in chunks of the size that is stored; the last one may be smaller. */
export async function* splitEvenly(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    pending.push(Buffer.from(chunk))
    size += chunk.length
    if (size < chunkSize) continue
    const bytes = Buffer.concat(pending)
    const rest = size % chunkSize
    for (let start = 0; start < size - rest; start += chunkSize) yield bytes.subarray(start, start + chunkSize)
    pending = [bytes.subarray(size - rest)]
    size = rest
  }
  if (size > 0) yield Buffer.concat(pending)
}
