import { createHash } from 'node:crypto'

const maxToolNameLength = 64

/**
 * What models call a tool: `<server>__<tool>`, in the characters and the length that every provider accepts. A tool's
 * name that does not fit is changed and ends in a piece of its hash, so that it stays one of its own, and the same for
 * ever. No server's name holds the `__` that ends it.
 */
export function qualifyToolName(server: string, tool: string): string {
  const maxLength = maxToolNameLength - server.length - '__'.length
  const sanitized = tool.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
  if (sanitized === tool && tool !== '' && tool.length <= maxLength) return `${server}__${tool}`
  const hash = `_${createHash('sha256').update(tool).digest('hex').slice(0, 8)}`
  return `${server}__${sanitized.slice(0, maxLength - hash.length)}${hash}`
}
