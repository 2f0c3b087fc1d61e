/**
 * A part of a message with the text of one more delta at its place: part[0, offset) + text + part[offset + length of
 * text, …), without cutting where there is nothing behind.
 */
export function applyDelta(part: string, offset: number, text: string): string {
  if (offset === part.length) return part + text
  return part.slice(0, offset) + text + part.slice(offset + text.length)
}
