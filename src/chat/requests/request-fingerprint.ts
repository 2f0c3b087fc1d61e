import { toCanonicalJson } from '../../lib/text/canonical-json.ts'
import { mapBigIntegers } from '../../lib/text/json.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import type { ChatRequest } from './chat-request.ts'

/**
 * The fingerprint of a request, stored with its idempotency key: two requests with the same key must have the same
 * fingerprint. `ifBusy` is not part of it. Fingerprints outlive versions, so their input must not change.
 */
export function computeRequestFingerprint({ sessionId, text, files, model, profile }: ChatRequest): string {
  // Canonical JSON cannot hold lone surrogates. No session and no model has one in its id.
  const [session, modelId] = [sessionId, model].map((name) => name?.toWellFormed() ?? null)
  // URLs are hashed first, because canonical JSON is slow for long texts.
  const fileDigests = files.map(({ name, mediaType, url }) => [
    name?.toWellFormed() ?? null,
    mediaType.toWellFormed(),
    sha256Hex(url),
  ])
  const request = { sessionId: session, text: text.toWellFormed(), model: modelId, profile }
  // Fingerprints that were stored before there were files have no such field.
  return computeFingerprint(fileDigests.length > 0 ? { ...request, files: fileDigests } : request)
}

/** The SHA-256, in hex, of a value's canonical JSON. */
export function computeFingerprint(value: unknown): string {
  // Canonical JSON rounds big integers, which would make different requests equal.
  return sha256Hex(toCanonicalJson(mapBigIntegers(value, (integer) => ['integer', integer.toString()])))
}
