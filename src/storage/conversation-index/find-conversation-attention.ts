import { type Attention, attentions, classifyNewestAnswer, rankAttention } from '../../model/conversation/attention.ts'
import type { ConversationIndexRow } from './conversation-index-row.ts'
import type { ConversationIndexTables } from './conversation-index-tables.ts'

/** What a conversation wants of a person, and which of its sessions wants it. */
export interface ConversationAttention {
  readonly attention: Attention
  /** Null for IDLE. */
  readonly sessionId: string | null
}

export interface FindConversationAttentionOptions {
  readonly rootId: string
  /** Null if the root is deleted or belongs to another conversation. */
  readonly root: ConversationIndexRow | null
  readonly segmentCount: number
  /** Up to when it counts as read, in epoch milliseconds. */
  readonly readAt: number
}

/** The most urgent attention over all sessions of a conversation. Looks at two of them at most, however many there are. */
export function findConversationAttention(
  tables: ConversationIndexTables,
  { rootId, root, segmentCount, readAt }: FindConversationAttentionOptions,
): ConversationAttention {
  const hasRootOnly = root !== null && segmentCount === 1
  const live = hasRootOnly ? root : tables.findSessionThatWantsAttention(rootId)
  const newestOther = hasRootOnly ? null : tables.findNewestAnsweredSession(rootId)
  const answered = (newestOther?.answered_at ?? -1) > (root?.answered_at ?? -1) ? newestOther : root
  const candidates: ConversationAttention[] = [
    { attention: attentions[live?.live_attention ?? 0] ?? 'IDLE', sessionId: live?.id ?? null },
    { attention: classifyNewestAnswer(toNewestAnswer(answered), readAt), sessionId: answered?.id ?? null },
  ]
  const [first] = candidates.toSorted((a, b) => rankAttention(b.attention) - rankAttention(a.attention))
  return !first || first.attention === 'IDLE' ? { attention: 'IDLE', sessionId: null } : first
}

function toNewestAnswer(session: ConversationIndexRow | null) {
  if (!session || session.answered_at === null) return null
  return { at: session.answered_at, hasFailed: session.answer_failed === 1 }
}
