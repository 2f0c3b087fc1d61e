import type { SessionRecord } from '../session.ts'

/** Walks stop after this many sessions. Only a corrupt file has longer chains. */
export const maxChainLength = 1000

/** How a session has to end to be continued. */
export const continuableEndReasons: ReadonlySet<string> = new Set(['compression', 'cli_close'])
/** Sessions from these sources continue nothing. */
export const nonContinuingSources: ReadonlySet<string> = new Set(['tool', 'subagent'])

/** Whether another session can continue this one: it was compacted, or its chat moved on from the terminal. */
export function isContinuable(session: SessionRecord): boolean {
  return session.endReason !== null && continuableEndReasons.has(session.endReason)
}

/**
 * The id of the session that this one continues, if that one exists and `isContinuable`; null if it continues none. A
 * continuation inherits the markers in `notContinuationOf` from its parent, so only those that name its parent count.
 */
export function findContinuedParentId({ id, parentId, source, notContinuationOf }: SessionRecord): string | null {
  if (parentId === null || parentId === id || nonContinuingSources.has(source)) return null
  return notContinuationOf.includes(parentId) ? null : parentId
}

/**
 * The rule of lineage: whether a session continues another one. A Hermes session can only continue a Hermes session,
 * because Hermes knows no others.
 */
export function continuesSession(child: SessionRecord, parent: SessionRecord): boolean {
  return (
    findContinuedParentId(child) === parent.id &&
    isContinuable(parent) &&
    (child.origin === 'SEGUE' || parent.origin === 'HERMES')
  )
}

/** The sessions that a session names as those above it, whether they exist or not. A retry stands beside the one in its place. */
export interface LineageLinks {
  readonly takesPlaceOf: string | null
  /** Of a retry: what it continues once it has the place itself. */
  readonly continues: string | null
}

/** The links of a session. Whether the session that it continues can be continued is not known yet. */
export function findLineageLinks(session: SessionRecord): LineageLinks {
  const { id, takesPlaceOf } = session
  return { takesPlaceOf: takesPlaceOf === id ? null : takesPlaceOf, continues: findContinuedParentId(session) }
}

/** Where a session stands in its chain of continuations. */
export interface LineageSummary<Row> {
  /** The session that this one continues; of a retry, the one that the session whose place it takes continues. Null if none. */
  readonly parent: Row | null
  /** The first session of the chain; the session itself if it continues none and takes no place. */
  readonly root: Row
  /** The number of sessions from the root to this one, both included. A retry counts as the session whose place it takes. */
  readonly segmentCount: number
  /** Those before this one, from the parent to the root. Of a session and the retry in its place, the one that is continued. */
  readonly ancestors: readonly Row[]
  /** The walk has reached a session twice. */
  readonly isCyclic: boolean
}

/** How `walkAncestors` reads the links of rows. */
export interface LineageRule<Row> {
  readonly findLinks: (row: Row) => LineageLinks
  /** Whether a row that names another one as the session that it continues does continue it. */
  readonly continues: (row: Row, parent: Row) => boolean
}

/** A session that a walk needs. */
export type LineageLookup =
  | { readonly sessionId: string }
  /** The oldest of the retries that take the place of a session that is gone; of several, the one with the smallest id. */
  | { readonly oldestRetryOf: string }

/**
 * Walks up from a session to the root of its chain. Yields what identifies each row that it needs, and is resumed with the
 * row, or with null if there is none. A retry stands beside the session whose place it takes. If that one is gone, as when
 * Hermes has pruned it, the oldest of its retries has the place: the others stand beside that one, which continues what the
 * session continued. A hop to the side is not counted. A session whose walk reaches an id twice is on a cycle, or is linked
 * to one: it is its own root, so that it is not hidden. The result depends on the stored sessions only, never on what else
 * is loaded.
 */
export function* walkAncestors<Row extends { readonly id: string }>(
  session: Row,
  { findLinks, continues }: LineageRule<Row>,
): Generator<LineageLookup, LineageSummary<Row>, Row | null> {
  const visitedIds = new Set([session.id])
  const ancestors: Row[] = []
  let root = session
  // Each session of a chain can be a retry, which adds one hop.
  while (visitedIds.size <= 2 * maxChainLength + 1) {
    const links = findLinks(root)
    let beside: Row | null = null
    if (links.takesPlaceOf !== null) {
      beside = yield { sessionId: links.takesPlaceOf }
      beside ??= yield { oldestRetryOf: links.takesPlaceOf }
      if (beside?.id === root.id) beside = null
    }
    let next: Row | null = beside
    if (!next && links.continues !== null && ancestors.length < maxChainLength) {
      const parent: Row | null = yield { sessionId: links.continues }
      if (parent && continues(root, parent)) next = parent
    }
    if (!next) break
    if (visitedIds.has(next.id)) return { parent: null, root: session, segmentCount: 1, ancestors: [], isCyclic: true }
    visitedIds.add(next.id)
    root = next
    if (!beside) ancestors.push(next)
  }
  return { parent: ancestors[0] ?? null, root, segmentCount: ancestors.length + 1, ancestors, isCyclic: false }
}

/** How the sessions of a lineage are found. What is there at once need not be a promise. */
export interface LineageReader {
  findSession(id: string): FoundSession | Promise<FoundSession>
  /** The oldest of the retries that take the place of a session; of several, the one with the smallest id. */
  findOldestRetry(placeId: string): FoundSession | Promise<FoundSession>
}

type FoundSession = SessionRecord | null

/** The lineage of a session, at once if all its sessions are. Rejects with what the reader throws. */
export function loadLineageSummary(
  session: SessionRecord,
  reader: LineageReader,
): LineageSummary<SessionRecord> | Promise<LineageSummary<SessionRecord>> {
  const steps = walkAncestors(session, { findLinks: findLineageLinks, continues: continuesSession })
  return finishWalk(steps, steps.next(), reader)
}

type Walk = ReturnType<typeof walkAncestors<SessionRecord>>

function finishWalk(
  steps: Walk,
  firstStep: ReturnType<Walk['next']>,
  reader: LineageReader,
): LineageSummary<SessionRecord> | Promise<LineageSummary<SessionRecord>> {
  let step = firstStep
  while (!step.done) {
    const lookup = step.value
    const found =
      'sessionId' in lookup ? reader.findSession(lookup.sessionId) : reader.findOldestRetry(lookup.oldestRetryOf)
    if (found instanceof Promise) return found.then((row) => finishWalk(steps, steps.next(row), reader))
    step = steps.next(found)
  }
  return step.value
}
