/**
 * A part's text after a delta: the delta replaces the text from `offset` on, and appends what goes beyond its end. Text
 * after the delta stays, so applying a delta twice, or a coalesced one over its pieces, changes nothing. Offsets and
 * lengths count UTF-16 code units.
 */
export function applyDelta(part: string, offset: number, text: string): string {
  if (offset === part.length) return part + text
  return part.slice(0, offset) + text + part.slice(offset + text.length)
}
