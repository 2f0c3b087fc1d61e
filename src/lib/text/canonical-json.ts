import canonicalize from 'canonicalize'
import { mapBigIntegers } from './json.ts'

/**
 * The canonical form of a JSON value (RFC 8785): equal values have equal texts. Numbers are doubles there, so a bigint
 * counts as the nearest one. Throws for what JSON cannot represent, and for strings with a lone surrogate.
 */
export function toCanonicalJson(value: unknown): string {
  return canonicalize(mapBigIntegers(value, Number)) ?? ''
}
