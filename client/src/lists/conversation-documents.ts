import { toTime } from '../wire/to-message.ts'
import type { WireId } from '../wire/wire-types.ts'
import type { Conversation } from './conversation-list.ts'

const fields = `{
  id title pinned archived lastActivityAt attention attentionSession { id } readAt segmentCount root { id }
  tip { id channel origin source model activeStream { id status } pendingApprovals { id } pendingClarifications { id } }
}`

export const conversationsDocument = `query ($filter: SessionFilter, $first: Int!, $after: String) {
  conversations(filter: $filter, first: $first, after: $after) {
    nodes: edges { node ${fields} }
    pageInfo { hasNextPage endCursor }
  }
}`

export const conversationsChangedDocument = `subscription ($profile: String) {
  event: conversationsChanged(profile: $profile) { kind conversationId conversation ${fields} }
}`

export interface WireConversation extends Pick<
  Conversation,
  'id' | 'title' | 'pinned' | 'archived' | 'attention' | 'attentionSession' | 'segmentCount'
> {
  readonly lastActivityAt: string
  readonly readAt: string | null
  readonly root: WireId
  readonly tip: Omit<Conversation['tip'], 'pendingDecisionCount'> & {
    readonly pendingApprovals: readonly WireId[]
    readonly pendingClarifications: readonly WireId[]
  }
}

export interface WireConversationPage {
  readonly conversations: {
    readonly nodes: readonly { readonly node: WireConversation }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

export interface WireConversationChange {
  readonly kind: 'READY' | 'UPSERTED' | 'REMOVED'
  readonly conversationId: string | null
  readonly conversation: WireConversation | null
}

export function toConversation({ lastActivityAt, readAt, root, tip, ...conversation }: WireConversation): Conversation {
  const { pendingApprovals, pendingClarifications, ...tipFields } = tip
  return {
    ...conversation,
    lastActivityAt: toTime(lastActivityAt),
    readAt: toTime(readAt),
    rootId: root.id,
    tip: { ...tipFields, pendingDecisionCount: pendingApprovals.length + pendingClarifications.length },
  }
}
