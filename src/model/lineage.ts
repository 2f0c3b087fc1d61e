import type { SessionRecord } from './session.ts'

/** A chain longer than this is cut off here: nobody compacts a chat so often, a damaged file might seem to. */
export const maxChainLength = 1000

const continuableEndReasons: ReadonlySet<string | null> = new Set(['compression', 'cli_close'])
const nonContinuingSources: ReadonlySet<string> = new Set(['tool', 'subagent'])

/** Ended in a way that another session can go on from: its context was compacted, or it moved from the terminal. */
export function isContinuable(session: SessionRecord): boolean {
  return continuableEndReasons.has(session.endReason)
}

/**
 * The session that this one continues, provided that it is there and can be continued; null when it continues nothing.
 * A continuation inherits its parent's markers, so they count only where they name this very parent.
 */
export function findClaimedParentId({ id, parentId, source, notContinuationOf }: SessionRecord): string | null {
  if (parentId === null || parentId === id || nonContinuingSources.has(source)) return null
  return notContinuationOf.includes(parentId) ? null : parentId
}

/**
 * The one rule of lineage: whether a session goes on where the one that it names as its parent ended. What Hermes keeps
 * continues only what Hermes keeps: it knows of no other sessions.
 */
export function continuesSession(child: SessionRecord, parent: SessionRecord): boolean {
  return (
    findClaimedParentId(child) === parent.id &&
    isContinuable(parent) &&
    (child.origin === 'SEGUE' || parent.origin === 'HERMES')
  )
}

export interface Lineage<Row> {
  /** The segment that this one continues. */
  readonly parent: Row | null
  /** The first segment; the session itself when it continues nothing. */
  readonly root: Row
  /** Segments from the root to this one, both counted. */
  readonly segmentCount: number
}

/**
 * Walks up from a session to the root of its chain: yields the id of the row that it needs next, and is given it, or
 * null. A walk that meets an id twice has found a cycle: the session then stands alone, so that nothing is hidden. The
 * answer depends on the session only, not on what else is asked for.
 */
export function* walkAncestors<Row extends { readonly id: string }>(
  session: Row,
  getParentId: (row: Row) => string | null,
  isContinuation: (child: Row, parent: Row) => boolean,
): Generator<string, Lineage<Row>, Row | null> {
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
export async function loadLineage(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<Lineage<SessionRecord>> {
  const steps = walkAncestors(session, ({ parentId }) => parentId, continuesSession)
  let step = steps.next()
  while (!step.done) step = steps.next(await load(step.value))
  return step.value
}
