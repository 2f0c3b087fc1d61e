const prefix = 'cnv_'

/** Returns the id of the conversation with this root session. */
export function toConversationId(rootId: string): string {
  return prefix + rootId
}

/** Returns the id of the root session; null if `id` is not the id of a conversation. */
export function parseConversationId(id: string): string | null {
  return id.startsWith(prefix) ? id.slice(prefix.length) : null
}
