import { LruCache } from '../../lib/lru-cache.ts'

/** The media types of a response to a query or a mutation. The first one is for clients that have no preference. */
export const jsonMediaTypes: readonly string[] = ['application/json', 'application/graphql-response+json']

/** What was selected for a header. Most clients always send one of a few. Longer ones are not kept. */
const negotiatedJsonTypes = new LruCache<string, string | null>(100)
const maxKeptLength = 200

/** A media type, or a range of them such as `text/*`, from an Accept header. */
interface MediaRange {
  /** In lowercase, without parameters. */
  readonly name: string
  /** From 0, for types that must not be sent, to 1. */
  readonly quality: number
  readonly position: number
}

/**
 * Selects the media type for a response by an Accept header (RFC 9110, 12.5.1): the one with the highest q value, or else
 * the one that the client lists first. Null if the client accepts none of them. Without a header, it accepts all.
 *
 * @param offered The media types that the server can send, in the order of its own preference.
 */
export function negotiateMediaType(accept: string | null | undefined, offered: readonly string[]): string | null {
  const header = accept?.trim() || '*/*'
  if (offered !== jsonMediaTypes) return selectMediaType(header, offered)
  const known = negotiatedJsonTypes.get(header)
  if (known !== undefined) return known
  const type = selectMediaType(header, offered)
  if (header.length <= maxKeptLength) negotiatedJsonTypes.set(header, type)
  return type
}

function selectMediaType(accept: string, offered: readonly string[]): string | null {
  const ranges = parseAccept(accept)
  const [best] = offered
    .map((type) => ({ type, range: findMostSpecificRange(ranges, type) }))
    .filter(({ range }) => range.quality > 0)
    .toSorted(({ range: a }, { range: b }) => b.quality - a.quality || a.position - b.position)
  return best?.type ?? null
}

/** Whether an Accept header names a media type itself. Wildcards do not count. */
export function acceptsExactMediaType(accept: string | null | undefined, type: string): boolean {
  if (!accept) return false
  return parseAccept(accept).some(({ name, quality }) => name === type && quality > 0)
}

function parseAccept(accept: string): MediaRange[] {
  // A quoted parameter may contain a comma or a semicolon.
  const ranges = accept.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(',')
  return ranges.map((range, position) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '') ?? '1'
    return { name, quality: /^[\d.]+$/.test(quality) ? Number(quality) || 0 : 1, position }
  })
}

/** The range that decides about a media type: its own name comes before `type/*`, and that before a full wildcard. */
function findMostSpecificRange(ranges: readonly MediaRange[], type: string): MediaRange {
  for (const name of [type, type.replace(/\/.*$/, '/*'), '*/*']) {
    const range = ranges.find((candidate) => candidate.name === name)
    if (range) return range
  }
  return { name: type, quality: 0, position: ranges.length }
}
