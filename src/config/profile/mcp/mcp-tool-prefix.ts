import { createHash } from 'node:crypto'

/** Tool names have at most 64 characters. This leaves at least 22 for the tool itself. */
const maxPrefixLength = 40

/**
 * Returns the prefix for the tools of each server. Other clients allow any name, but providers do not: what they reject
 * becomes `_`. If nothing is left, or two names become the same prefix, a part of the name's hash makes it unique.
 */
export function createMcpToolPrefixes(serverNames: readonly string[]): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>()
  const usedPrefixes = new Set<string>()
  // Names that stay as they are come first, so that no other name takes their prefix.
  const isUnchanged = (name: string): boolean => sanitizeServerName(name) === name
  for (const name of [...serverNames.filter(isUnchanged), ...serverNames.filter((each) => !isUnchanged(each))]) {
    const sanitized = sanitizeServerName(name)
    const prefix = sanitized === '' || usedPrefixes.has(sanitized) ? appendNameHash(sanitized, name) : sanitized
    usedPrefixes.add(prefix)
    prefixes.set(name, prefix)
  }
  return prefixes
}

/** Keeps letters, digits and single `-` and `_`. The result neither begins nor ends with `_`, and contains no `__`. */
function sanitizeServerName(name: string): string {
  const sanitized = name
    .replaceAll(/[^A-Za-z0-9-]+/g, '_')
    .replace(/^[_-]+/, '')
    .slice(0, maxPrefixLength)
  return sanitized.replace(/_+$/, '')
}

function appendNameHash(sanitized: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  const base = sanitized.slice(0, maxPrefixLength - hash.length - 1).replace(/_+$/, '') || 'server'
  return `${base}-${hash}`
}
