import { isAscii } from 'node:buffer'
import { LruCache } from '../../../lib/lru-cache.ts'
import type { OpenServedFile } from '../../../chat/attachments/read-served-file.ts'

const maxRemembered = 1_000

/** Whether texts need a charset, by their hash. */
const known = new LruCache<string, boolean>(maxRemembered)

/** Without a charset, browsers read a text as they guess. One in ASCII is read correctly by all guesses. */
export async function toContentType(
  { mediaType, hash }: Pick<OpenServedFile, 'hash' | 'mediaType'>,
  read: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<string> {
  if (!/^text\/[^;]+$/.test(mediaType)) return mediaType
  let needsCharset = known.get(hash)
  if (needsCharset === undefined) {
    needsCharset = await isNonAsciiUtf8(await read())
    known.set(hash, needsCharset)
  }
  return needsCharset ? `${mediaType}; charset=utf-8` : mediaType
}

/** Reads in chunks, so that the text need not be in memory. */
async function isNonAsciiUtf8(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let hasOnlyAscii = true
  try {
    for await (const chunk of chunks) {
      hasOnlyAscii &&= isAscii(chunk)
      decoder.decode(chunk, { stream: true })
    }
    decoder.decode()
    return !hasOnlyAscii
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
