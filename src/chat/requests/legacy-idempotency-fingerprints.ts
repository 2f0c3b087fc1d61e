import { toCanonicalJson } from '../../lib/text/canonical-json.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import type { SendMessageRequest } from './send-message-request.ts'

/**
 * The fingerprints that version 0.1 stored with the keys of `startChat`, `regenerate` and `compactSession`. A call whose
 * key it stored is repeated with these. They outlive versions, so they never change.
 */
export const legacyIdempotencyFingerprints = {
  startChat: (request: Pick<SendMessageRequest, 'sessionId' | 'text' | 'files' | 'model'>, profile: string): string => {
    const { sessionId, text, files, model } = request
    const fileDigests = files.map(({ name, mediaType, url }) => [
      name?.toWellFormed() ?? null,
      mediaType.toWellFormed(),
      sha256Hex(url),
    ])
    return computeDigest({
      sessionId: sessionId?.toWellFormed() ?? null,
      text: text.toWellFormed(),
      model: model?.toWellFormed() ?? null,
      profile,
      ...(fileDigests.length > 0 && { files: fileDigests }),
    })
  },
  regenerate: (messageId: string, text: string | null): string =>
    computeDigest({ regenerate: messageId.toWellFormed(), text: text?.toWellFormed() ?? null }),
  compactSession: (sessionId: string): string => computeDigest({ compact: sessionId.toWellFormed() }),
}

/** The SHA-256, in hex, of a value's canonical JSON. */
function computeDigest(value: unknown): string {
  return sha256Hex(toCanonicalJson(value))
}
