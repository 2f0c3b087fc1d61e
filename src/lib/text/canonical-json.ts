import canonicalize from 'canonicalize'

/**
 * The canonical form of a JSON value (RFC 8785): equal values have equal texts. Throws for what JSON cannot represent,
 * and for strings with a lone surrogate.
 */
export function toCanonicalJson(value: unknown): string {
  return canonicalize(value) ?? ''
}
