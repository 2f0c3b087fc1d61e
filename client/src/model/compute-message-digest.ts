import { loadOnDemand } from '../environment/load-on-demand.ts'
import type { ChatMessage } from './message.ts'

/**
 * The digest of a message, to compare with `Message.digest` and `StreamFinished.message.digest`: whether all of it has
 * arrived. Browsers have WebCrypto in secure contexts only (https, localhost); it rejects in others.
 */
export async function computeMessageDigest({ parts }: Pick<ChatMessage, 'parts'>): Promise<string> {
  // Loaded on demand, as few pages need it.
  const { computeWebCryptoDigest } = await loadOnDemand(import('./web-crypto-digest.ts'))
  return computeWebCryptoDigest(parts)
}
