import {
  type ConversationIndexFlags,
  isCrossOriginConversation,
  isEmptyConversation,
  isHermesSession,
} from './conversation-index-flags.ts'
import type { ConversationIndexUpdateResult } from './conversation-indexer.ts'
import { type ConversationIndexRow, isNewerTip } from './conversation-index-row.ts'
import type { ConversationIndexTables } from './conversation-index-tables.ts'
import type { ConversationChange } from '../sessions/conversation-reader.ts'

/** Where a conversation with these flags is listed; null for one without a message. */
type ListingRule = (flags: ConversationIndexFlags) => ConversationChange['after']

/** For an index whose source lists all of its conversations. */
export const hermesListingRule: ListingRule = (flags) => (isEmptyConversation(flags) ? null : 'thisSource')

/** For Segue's index: conversations of Hermes, and those that cross the origins, are listed by Hermes'. */
export const segueListingRule: ListingRule = (flags) =>
  (isCrossOriginConversation(flags) || isHermesSession(flags)) && !isEmptyConversation(flags)
    ? 'otherSource'
    : hermesListingRule(flags)

/**
 * The conversations that a list shows differently than before: those that an index update has changed, and those of sessions
 * in which something has changed that the index does not contain. Conversations that were not listed before, and are not
 * listed now, are left out.
 */
export function findConversationListChanges(
  tables: ConversationIndexTables,
  {
    conversations,
    sessionIds,
  }: { conversations?: ConversationIndexUpdateResult['conversations']; sessionIds: Iterable<string> },
  listingRule: ListingRule,
): ConversationChange[] {
  const toListing = (flags: ConversationIndexFlags | null | undefined) =>
    typeof flags === 'number' ? listingRule(flags) : null
  const changed = new Map<string, ConversationChange>()
  for (const [rootId, { before, after, leftIds }] of conversations ?? []) {
    const listing = { before: toListing(before), after: toListing(after) }
    // The row of a conversation that falls apart stays until the last session has left it, one without messages perhaps.
    const successorId = listing.after === null && leftIds ? findSuccessorId(tables, leftIds) : null
    changed.set(rootId, { rootId, ...listing, ...(successorId !== null && { successorId }) })
  }
  for (const id of sessionIds) {
    const rootId = tables.findSession(id)?.root_id
    if (rootId === undefined || changed.has(rootId)) continue
    const listing = toListing(tables.findConversation(rootId)?.flags)
    changed.set(rootId, { rootId, before: listing, after: listing })
  }
  return [...changed.values()].filter(({ before, after }) => before !== null || after !== null)
}

/** Of the sessions that have left a conversation, the one with the newest message. Null if all of them are deleted. */
function findSuccessorId(tables: ConversationIndexTables, leftIds: ReadonlySet<string>): string | null {
  let successor: ConversationIndexRow | null = null
  for (const id of leftIds) {
    const session = tables.findSession(id)
    if (session && (!successor || isNewerTip(session, successor))) successor = session
  }
  return successor?.id ?? null
}
