import { findContinuedParentId } from '../../model/conversation/lineage.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { VisibleHermesMessageCache } from '../messages/visible-hermes-message-cache.ts'
import { type HermesSession, readHermesSessions } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import { findBranchedMessages, findForkedMessages } from './find-copied-messages.ts'
import { mapRowsToShownMessages } from './map-rows-to-shown-messages.ts'

/** A session as lists and lineages need it. */
export interface IndexableHermesSession {
  readonly record: SessionRecord
  readonly hasMessages: boolean
}

type CopyKind = 'fork' | 'branch'

/** What comparing the messages of a session with those of its parent has shown. */
interface CopyResult {
  /** The session is a copy of its parent, so it does not continue it. */
  readonly isFork: boolean
  /** The id of the last copied message that the parent shows; null without one. */
  readonly forkedFrom: string | null
}

const maxResults = 10_000

/**
 * Reads sessions and finds out which of them are forks: Hermes' API server forks a session that has ended without leaving a
 * marker, so that only the copied messages show it. Everything that needs the lineage of sessions reads them here.
 *
 * A session without a message that is older than itself is no copy, and nothing of it is compared. A result is kept until
 * the messages of the session or of its parent change in a way that matters.
 */
export class HermesForkDetector {
  readonly #profile: string
  readonly #visibleMessages: VisibleHermesMessageCache
  /** By session, the result and what it was found for. */
  readonly #results = new Map<string, { readonly key: string; readonly result: CopyResult }>()
  #file: StateDatabaseConnection | null = null

  constructor(profile: string, visibleMessages: VisibleHermesMessageCache) {
    this.#profile = profile
    this.#visibleMessages = visibleMessages
  }

  /** The sessions with these ids, in no particular order. At most 500 ids. */
  readSessions(file: StateDatabaseConnection, ids: readonly string[]): SessionRecord[] {
    return this.#readSessions(file, ids, false).map(({ record }) => record)
  }

  /** The same, with what the conversation index needs besides. */
  readIndexableSessions(file: StateDatabaseConnection, ids: readonly string[]): IndexableHermesSession[] {
    return this.#readSessions(file, ids, true)
  }

  #readSessions(
    file: StateDatabaseConnection,
    ids: readonly string[],
    withHasMessages: boolean,
  ): IndexableHermesSession[] {
    if (file !== this.#file) this.#results.clear()
    this.#file = file
    const read = (wantedIds: readonly string[]) =>
      readHermesSessions(file, wantedIds, this.#profile, { withHasMessages })
    const sessions = read(ids)
    const comparedIds = sessions.flatMap((session) =>
      classifyCopy(session) !== null && !this.#findResult(session) ? [session.record.id] : [],
    )
    if (comparedIds.length === 0) return sessions.map((session) => applyCopyResult(session, this.#findResult(session)))
    // A result must belong to the rows that were compared, so these sessions are read again together with their messages.
    const compared = file.db.transaction(() =>
      read(comparedIds).map((session) => applyCopyResult(session, this.#compareWithParent(file, session))),
    )()
    const known = sessions.filter(({ record }) => !comparedIds.includes(record.id))
    return [...known.map((session) => applyCopyResult(session, this.#findResult(session))), ...compared]
  }

  #findResult(session: HermesSession): CopyResult | null {
    const known = this.#results.get(session.record.id)
    return known && known.key === toResultKey(session) ? known.result : null
  }

  #compareWithParent(file: StateDatabaseConnection, session: HermesSession): CopyResult | null {
    const kind = classifyCopy(session)
    const { id, parentId } = session.record
    if (kind === null || parentId === null) return null
    const find = kind === 'fork' ? findForkedMessages : findBranchedMessages
    const { originals, isComplete, isCopyExhausted } = find(file, {
      id,
      parentId,
      startedAtCell: session.startedAtCell,
    })
    const isFork = kind === 'fork' && isComplete
    const result = {
      isFork,
      forkedFrom: isFork || kind === 'branch' ? this.#findShownMessage(file, parentId, originals) : null,
    }
    // The copy may not be finished yet.
    if (isComplete || !isCopyExhausted) this.#storeResult(session, result)
    return result
  }

  #findShownMessage(
    file: StateDatabaseConnection,
    sessionId: string,
    rows: readonly { readonly id: number }[],
  ): string | null {
    if (rows.length === 0) return null
    const shown = mapRowsToShownMessages(file, sessionId, this.#visibleMessages)
    const last = rows.findLast(({ id }) => shown.has(id))
    return (last && shown.get(last.id)) ?? null
  }

  #storeResult(session: HermesSession, result: CopyResult): void {
    if (this.#results.size >= maxResults) this.#results.clear()
    this.#results.set(session.record.id, { key: toResultKey(session), result })
  }
}

/** How a session may have copied messages of its parent; null if it has not. */
function classifyCopy({ record, branchedFrom, copyStamp }: HermesSession): CopyKind | null {
  if (copyStamp === null || record.parentId === record.id) return null
  if (branchedFrom !== null && branchedFrom === record.parentId) return 'branch'
  return findContinuedParentId(record) === null ? null : 'fork'
}

function toResultKey({ record, branchedFrom, startedAtCell, copyStamp }: HermesSession): string {
  return JSON.stringify([record.parentId, branchedFrom, startedAtCell, copyStamp])
}

function applyCopyResult({ record, hasMessages }: HermesSession, result: CopyResult | null): IndexableHermesSession {
  if (!result) return { record, hasMessages }
  const { isFork, forkedFrom } = result
  const forkedParentIds = isFork && record.parentId !== null ? [record.parentId] : []
  return {
    record: { ...record, notContinuationOf: [...record.notContinuationOf, ...forkedParentIds], forkedFrom },
    hasMessages,
  }
}
