import type { ChatMessage } from './message.ts'

/**
 * The digest of a message, to compare with `Message.digest` and `StreamFinished.message.digest`: whether all of it has
 * arrived. Browsers have WebCrypto in secure contexts only (https, localhost); it rejects in others.
 */
export async function computeMessageDigest({ parts }: Pick<ChatMessage, 'parts'>): Promise<string> {
  // Loaded on demand, as few pages need it.
  const digests = await import('../../../src/model/fold/message-digest.ts')
  return digests.computeMessageDigest(parts, hash)
}

/** SHA-256 of the UTF-8 bytes, in lowercase hex. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
