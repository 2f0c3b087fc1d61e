import type { ChangedConversation } from '../../session-reader.ts'
import { type Facet, isElsewhere, isEmpty } from './list-flags.ts'
import type { Applied } from './conversation-indexer.ts'
import type { SegmentRows } from './conversation-index-tables.ts'

/** Where a conversation is listed; null for one without a message. */
type Place = (facet: Facet) => ChangedConversation['after']

export const listedHere: Place = (facet) => (isEmpty(facet) ? null : 'here')

export const listedHereOrElsewhere: Place = (facet) =>
  isElsewhere(facet) && !isEmpty(facet) ? 'elsewhere' : listedHere(facet)

/**
 * The conversations that people see another way than before: those that the index has changed, and those of the
 * sessions that say something else of which the index knows nothing.
 */
export function changedConversations(
  rows: SegmentRows,
  { conversations, sessionIds }: { conversations?: Applied['conversations']; sessionIds: Iterable<string> },
  place: Place,
): ChangedConversation[] {
  const placed = (facet: Facet | null | undefined) => (typeof facet === 'number' ? place(facet) : null)
  const changed = new Map<string, ChangedConversation>()
  for (const [rootId, { before, after }] of conversations ?? []) {
    changed.set(rootId, { rootId, before: placed(before), after: placed(after) })
  }
  for (const id of sessionIds) {
    const rootId = rows.segment(id)?.root_id
    if (rootId === undefined || changed.has(rootId)) continue
    const now = placed(rows.conversation(rootId)?.facet)
    changed.set(rootId, { rootId, before: now, after: now })
  }
  return [...changed.values()].filter(({ before, after }) => before !== null || after !== null)
}
