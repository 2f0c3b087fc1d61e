import { type LineageSummary, walkAncestors } from '../../model/conversation/lineage.ts'
import type { ConversationIndexEntry } from '../sessions/cross-origin-continuation-feed.ts'
import { isSegueSession } from './conversation-index-flags.ts'
import type { ConversationIndexRow } from './conversation-index-row.ts'
import type { ConversationIndexTables } from './conversation-index-tables.ts'

/** The rule in `model/lineage.ts`, for the rows of the index. Each look-up is a search in an index of the table. */
export class ConversationIndexLineage {
  readonly #tables: ConversationIndexTables

  constructor(tables: ConversationIndexTables) {
    this.#tables = tables
  }

  walkToRoot(session: ConversationIndexEntry): LineageSummary<ConversationIndexEntry> {
    const walk = walkAncestors<ConversationIndexEntry>(session, {
      findLinks: ({ continues, takes_place_of }) => ({ continues, takesPlaceOf: takes_place_of }),
      continues: continuesEntry,
    })
    let step = walk.next()
    while (!step.done) {
      const lookup = step.value
      const found =
        'sessionId' in lookup
          ? this.#tables.findSession(lookup.sessionId)
          : this.#tables.findOldestRetry(lookup.oldestRetryOf)
      step = walk.next(found)
    }
    return step.value
  }

  /** The session that `walkAncestors` goes to next, and whether this one is a retry beside it. Null for a root. */
  findAbove(session: ConversationIndexEntry): { above: ConversationIndexRow; isRetry: boolean } | null {
    const beside = this.#findBeside(session)
    if (beside) return { above: beside, isRetry: true }
    const parent = session.continues === null ? null : this.#tables.findSession(session.continues)
    return parent && continuesEntry(session, parent) ? { above: parent, isRetry: false } : null
  }

  /** Whether a retry has the place itself, because the session whose place it takes is gone and it is the oldest one. */
  hasPlace(session: ConversationIndexEntry): boolean {
    return session.takes_place_of !== null && this.#findBeside(session) === null
  }

  /** Whether the position of another session may depend on that of this one. */
  hasDependents(session: ConversationIndexEntry): boolean {
    return this.hasPlace(session) || this.#tables.hasChildren(session.id)
  }

  /** Of a retry: the session in the place that it takes, if that is another one. */
  #findBeside({ id, takes_place_of }: ConversationIndexEntry): ConversationIndexRow | null {
    if (takes_place_of === null) return null
    const beside = this.#tables.findSession(takes_place_of) ?? this.#tables.findOldestRetry(takes_place_of)
    return beside?.id === id ? null : beside
  }
}

/** A session of Hermes never continues one of Segue. */
function continuesEntry(session: ConversationIndexEntry, parent: ConversationIndexEntry): boolean {
  return parent.can_be_continued === 1 && (isSegueSession(session.flags) || !isSegueSession(parent.flags))
}
