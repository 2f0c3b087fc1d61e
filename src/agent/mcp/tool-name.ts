import { createHash } from 'node:crypto'

const longest = 64

/**
 * What models call a tool: `<server>__<tool>`, in the characters and the length that every provider accepts. A tool's
 * name that does not fit is changed and ends in a piece of its hash, so that it stays one of its own, and the same for
 * ever. No server's name holds the `__` that ends it.
 */
export function toolName(server: string, tool: string): string {
  const room = longest - server.length - '__'.length
  const clean = tool.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
  if (clean === tool && tool !== '' && tool.length <= room) return `${server}__${tool}`
  const hash = `_${createHash('sha256').update(tool).digest('hex').slice(0, 8)}`
  return `${server}__${clean.slice(0, room - hash.length)}${hash}`
}
