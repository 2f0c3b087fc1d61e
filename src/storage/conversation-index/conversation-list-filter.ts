import type { ConversationCount, ConversationFilter } from '../sessions/conversation-reader.ts'
import {
  type ConversationIndexFlags,
  type ConversationIndexFlagsFilter,
  getAttention,
  getChannel,
  isCrossOriginConversation,
  matchesConversationIndexFilter,
} from './conversation-index-flags.ts'

/** How many conversations have a value of `flags`. */
export interface ConversationCountByFlags {
  readonly flags: ConversationIndexFlags
  readonly count: number
}

/** The work of agents and schedules is listed only for clients that ask for its channel. */
export function toListFilter(filter: ConversationFilter): ConversationIndexFlagsFilter {
  return { ...filter, ...(!filter.channels && { internal: false }), empty: false }
}

/** The counts of the conversations that a list with this filter shows. */
export function toConversationCounts(
  counts: readonly ConversationCountByFlags[],
  filter: ConversationFilter,
): ConversationCount[] {
  const listFilter = toListFilter(filter)
  return counts
    .filter(({ flags }) => matchesConversationIndexFilter(flags, listFilter))
    .map(({ flags, count }) => ({
      channel: getChannel(flags),
      attention: getAttention(flags),
      isCrossOrigin: isCrossOriginConversation(flags),
      count,
    }))
}
