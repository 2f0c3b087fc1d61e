import { createHash } from 'node:crypto'

/** The longest name that every provider accepts. */
const maxToolNameLength = 64

/**
 * Returns the name of a tool for models: `<server>__<tool>`, in characters and a length that every provider accepts. If
 * the tool's name does not fit, it is changed and ends with a part of its hash, so that it is stable and unique. A server
 * name never contains `__`.
 */
export function qualifyToolName(server: string, tool: string): string {
  const maxLength = maxToolNameLength - server.length - '__'.length
  const sanitized = tool.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
  if (sanitized === tool && tool !== '' && tool.length <= maxLength) return `${server}__${tool}`
  const hash = `_${createHash('sha256').update(tool).digest('hex').slice(0, 8)}`
  return `${server}__${sanitized.slice(0, maxLength - hash.length)}${hash}`
}
