import { chunkArray } from '../../lib/chunk-array.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'
import { takePage } from '../../storage/keyset-pagination.ts'
import { filterHermesSessionIds } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { HermesMessageRowIds } from './message-outline-row.ts'
import { createHermesRowComparisonLoader, readHermesMessageOutlines } from './read-hermes-message-outlines.ts'
import { readHermesMessages } from './read-hermes-messages.ts'
import { selectHermesContextMessages } from './select-hermes-messages.ts'
import { parseHermesMessageId } from '../state/parse-hermes-message-id.ts'
import type { VisibleHermesMessageCache } from './visible-hermes-message-cache.ts'

const idsPerQuery = 500
const sessionsPerTransaction = 50 // whose messages are read together

/** Reads the messages of a state.db. The methods are those of MessageReader, but synchronous. */
export class HermesMessageReader {
  readonly #visibleMessages: VisibleHermesMessageCache

  constructor(visibleMessages: VisibleHermesMessageCache) {
    this.#visibleMessages = visibleMessages
  }

  countMessages(file: StateDatabaseConnection, ids: readonly string[]): Map<string, number> {
    const batches = chunkArray(ids, idsPerQuery)
    const counts = new Map(batches.flatMap((batch) => filterHermesSessionIds(file, batch)).map((id) => [id, 0]))
    for (const batch of chunkArray([...counts.keys()], sessionsPerTransaction)) {
      const visible = file.db.transaction(() => this.#visibleMessages.get(file, batch))()
      for (const [id, entries] of visible) counts.set(id, entries.length)
    }
    return counts
  }

  listMessages(file: StateDatabaseConnection, sessionId: string, page: PageRequest<number>): MessageRecord[] {
    const { after, before } = page
    const isInRange = ({ position }: HermesMessageRowIds): boolean =>
      (after === null || position > after) && (before === null || position < before)
    return readSession(file, sessionId, () => {
      const entries = this.#visibleMessages.get(file, [sessionId]).get(sessionId) ?? []
      return takePage(entries.filter(isInRange), page)
    })
  }

  findMessages(file: StateDatabaseConnection, ids: readonly string[]): MessageRecord[] {
    const rowidsBySession = new Map<string, Set<number>>()
    for (const id of ids) {
      const { sessionId, rowid } = parseHermesMessageId(id) ?? {}
      if (sessionId === undefined || rowid === undefined) continue
      rowidsBySession.set(sessionId, (rowidsBySession.get(sessionId) ?? new Set()).add(rowid))
    }
    return chunkArray([...rowidsBySession.keys()], sessionsPerTransaction).flatMap((sessionIds) =>
      file.db.transaction(() => {
        const visible = this.#visibleMessages.get(file, sessionIds)
        const entriesBySession = sessionIds.map((sessionId): [string, HermesMessageRowIds[]] => [
          sessionId,
          (visible.get(sessionId) ?? []).filter(({ id }) => rowidsBySession.get(sessionId)?.has(id)),
        ])
        return readHermesMessages(file, new Map(entriesBySession))
      })(),
    )
  }

  loadContextMessages(file: StateDatabaseConnection, sessionId: string): MessageRecord[] {
    return readSession(file, sessionId, () =>
      selectHermesContextMessages(
        readHermesMessageOutlines(file, [sessionId]).get(sessionId) ?? [],
        createHermesRowComparisonLoader(file),
      ),
    )
  }
}

/** The selected messages of a session, all read in one transaction. */
function readSession(
  file: StateDatabaseConnection,
  sessionId: string,
  selectEntries: () => readonly HermesMessageRowIds[],
): MessageRecord[] {
  return file.db.transaction(() => readHermesMessages(file, new Map([[sessionId, selectEntries()]])))()
}
