import { computeMessageDigest } from '../../../src/model/fold/message-digest.ts'
import type { ChatMessage } from './message.ts'

/** The digest of the parts of a message, with WebCrypto. */
export function computeWebCryptoDigest(parts: ChatMessage['parts']): Promise<string> {
  return computeMessageDigest(parts, hash)
}

/** SHA-256 of the UTF-8 bytes, in lowercase hex. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
