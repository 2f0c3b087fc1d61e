/** A row of the list, as every client holds it. */
interface ConversationEdge {
  readonly __typename: string
  readonly cursor: string
  readonly node: { readonly id: string; readonly lastActivityAt: string }
}

/** An event of `conversationsChanged`. */
export interface ConversationChange {
  readonly kind: 'READY' | 'UPSERTED' | 'REMOVED'
  readonly conversationId: string | null
  readonly conversation: ConversationEdge['node'] | null
}

/** The rows after a change: newest activity first. A new row has no cursor until the list is read again. */
export function applyConversationChange(
  edges: readonly ConversationEdge[],
  { kind, conversationId, conversation }: ConversationChange,
): ConversationEdge[] {
  if (kind === 'READY') return [...edges]
  const others = edges.filter(({ node }) => node.id !== conversationId)
  if (!conversation) return others
  const edge = edges.find(({ node }) => node.id === conversationId)
  const changed = { __typename: 'ConversationEdge', cursor: '', ...edge, node: conversation }
  return [...others, changed].sort((a, b) => b.node.lastActivityAt.localeCompare(a.node.lastActivityAt))
}

export function isConversationsChanged(data: unknown): data is { readonly conversationsChanged: ConversationChange } {
  return typeof data === 'object' && data !== null && 'conversationsChanged' in data
}

export function isConversationList(
  data: unknown,
): data is { readonly conversations: { readonly edges: readonly ConversationEdge[] } } {
  return typeof data === 'object' && data !== null && 'conversations' in data
}
