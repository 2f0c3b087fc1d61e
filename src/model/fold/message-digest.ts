import { toCanonicalJson } from '../../lib/text/canonical-json.ts'
import type { MessagePart } from '../message.ts'

/**
 * The digest of a message's parts, which clients compute as well to verify what they folded from the events; the schema
 * documents the rule. `hash` returns the SHA-256 of a text's UTF-8 bytes in lowercase hex. It may be asynchronous, as
 * WebCrypto is.
 */
export function computeMessageDigest<Digest>(parts: readonly MessagePart[], hash: (text: string) => Digest): Digest {
  return hash(toCanonicalPartsJson(parts))
}

/** The text that the digest hashes: the parts as canonical JSON (RFC 8785), without fields that are null. */
export function toCanonicalPartsJson(parts: readonly MessagePart[]): string {
  return toCanonicalJson(parts.map((part) => omitNulls(toDigestInput(part))))
}

function toDigestInput(part: MessagePart): object {
  if (part.type === 'file') {
    const { type, mediaType, name, url } = part
    return { type, mediaType, name, url }
  }
  if (part.type !== 'tool') return { type: part.type, text: part.text }
  const { id, name, argumentsText, state, result, error } = part.call
  return { type: 'tool', id, name, argumentsText, state, result, error }
}

function omitNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}
