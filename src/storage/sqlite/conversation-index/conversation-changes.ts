import { type ListFlags, isCrossOrigin, isEmpty } from './list-flags.ts'
import type { IndexUpdateResult } from './conversation-indexer.ts'
import type { ConversationIndexTables } from './conversation-index-tables.ts'
import type { ConversationChange } from '../../conversation-reader.ts'

/** Where a conversation is listed; null for one without a message. */
type ListingRule = (flags: ListFlags) => ConversationChange['after']

export const listingOfSource: ListingRule = (flags) => (isEmpty(flags) ? null : 'here')

export const listingOfEitherSource: ListingRule = (flags) =>
  isCrossOrigin(flags) && !isEmpty(flags) ? 'elsewhere' : listingOfSource(flags)

/**
 * The conversations that people see another way than before: those that the index has changed, and those of the
 * sessions that say something else of which the index knows nothing.
 */
export function diffConversations(
  tables: ConversationIndexTables,
  { conversations, sessionIds }: { conversations?: IndexUpdateResult['conversations']; sessionIds: Iterable<string> },
  listingRule: ListingRule,
): ConversationChange[] {
  const toListing = (flags: ListFlags | null | undefined) => (typeof flags === 'number' ? listingRule(flags) : null)
  const changed = new Map<string, ConversationChange>()
  for (const [rootId, { before, after }] of conversations ?? []) {
    changed.set(rootId, { rootId, before: toListing(before), after: toListing(after) })
  }
  for (const id of sessionIds) {
    const rootId = tables.findSession(id)?.root_id
    if (rootId === undefined || changed.has(rootId)) continue
    const listing = toListing(tables.findConversation(rootId)?.flags)
    changed.set(rootId, { rootId, before: listing, after: listing })
  }
  return [...changed.values()].filter(({ before, after }) => before !== null || after !== null)
}
