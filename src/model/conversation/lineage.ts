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

/** Where a session stands in its chain of continuations. */
export interface LineageSummary<Row> {
  /** The session that this one continues; null if it continues none. */
  readonly parent: Row | null
  /** The first session of the chain; the session itself if it continues none. */
  readonly root: Row
  /** The number of sessions from the root to this one, both included. */
  readonly segmentCount: number
}

/**
 * Walks up from a session to the root of its chain. Yields the id of each row that it needs, and is resumed with the
 * row, or with null if there is none. A session whose walk reaches an id twice is on a cycle, or continues one: it is its own
 * root, so that it is not hidden. The result depends on the session only, never on what else is loaded.
 */
export function* walkAncestors<Row extends { readonly id: string }>(
  session: Row,
  getParentId: (row: Row) => string | null,
  isContinuation: (child: Row, parent: Row) => boolean,
): Generator<string, LineageSummary<Row>, Row | null> {
  const visitedIds = new Set([session.id])
  let parent: Row | null = null
  let root = session
  while (visitedIds.size <= maxChainLength) {
    const parentId = getParentId(root)
    const next: Row | null = parentId === null ? null : yield parentId
    if (!next || !isContinuation(root, next)) break
    if (visitedIds.has(next.id)) return { parent: null, root: session, segmentCount: 1 }
    visitedIds.add(next.id)
    parent ??= next
    root = next
  }
  return { parent, root, segmentCount: visitedIds.size }
}

/** The lineage of a session. `load` finds a session by id. Rejects with what it throws. */
export async function loadLineageSummary(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<LineageSummary<SessionRecord>> {
  const steps = walkAncestors(session, ({ parentId }) => parentId, continuesSession)
  let step = steps.next()
  while (!step.done) step = steps.next(await load(step.value))
  return step.value
}
