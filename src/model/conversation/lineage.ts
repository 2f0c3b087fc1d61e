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

/** How a session is linked to the one above it. A retry stands beside the other session, a continuation below it. */
export interface LineageLink {
  readonly aboveId: string
  readonly isRetry: boolean
}

/**
 * The link of a session, if the other session exists and `isContinuable`, which does not matter for a retry. Null if it
 * continues none and takes no place.
 */
export function findLineageLink(session: SessionRecord): LineageLink | null {
  if (session.takesPlaceOf !== null && session.takesPlaceOf !== session.id)
    return { aboveId: session.takesPlaceOf, isRetry: true }
  const aboveId = findContinuedParentId(session)
  return aboveId === null ? null : { aboveId, isRetry: false }
}

/** Whether a session continues this one above it, or takes its place. */
export function isLinkedTo(session: SessionRecord, above: SessionRecord): boolean {
  return session.takesPlaceOf === null ? continuesSession(session, above) : session.takesPlaceOf === above.id
}

/** Where a session stands in its chain of continuations. */
export interface LineageSummary<Row> {
  /** The session that this one continues; of a retry, the one that the session whose place it takes continues. Null if none. */
  readonly parent: Row | null
  /** The first session of the chain; the session itself if it continues none and is no retry. */
  readonly root: Row
  /** The number of sessions from the root to this one, both included. A retry counts as the session whose place it takes. */
  readonly segmentCount: number
  /** Those before this one, from the parent to the root. Of a session and the retry in its place, the one that is continued. */
  readonly ancestors: readonly Row[]
}

/** How `walkAncestors` reads the links of rows. */
export interface LineageRule<Row> {
  /** The link that a row has if the other row exists and can be continued. */
  readonly findLink: (row: Row) => LineageLink | null
  /** Whether the row is linked to this one above it. */
  readonly isLinked: (row: Row, above: Row) => boolean
}

/**
 * Walks up from a session to the root of its chain. Yields the id of each row that it needs, and is resumed with the
 * row, or with null if there is none. The hop from a retry to the session whose place it takes is not counted. A session
 * whose walk reaches an id twice is on a cycle, or is linked to one: it is its own root, so that it is not hidden. The result
 * depends on the session only, never on what else is loaded.
 */
export function* walkAncestors<Row extends { readonly id: string }>(
  session: Row,
  { findLink, isLinked }: LineageRule<Row>,
): Generator<string, LineageSummary<Row>, Row | null> {
  const visitedIds = new Set([session.id])
  const ancestors: Row[] = []
  let root = session
  // Each session of a chain can be a retry, which adds one hop.
  while (visitedIds.size <= 2 * maxChainLength + 1) {
    const link = findLink(root)
    if (!link || (!link.isRetry && ancestors.length >= maxChainLength)) break
    const next: Row | null = yield link.aboveId
    if (!next || !isLinked(root, next)) break
    if (visitedIds.has(next.id)) return { parent: null, root: session, segmentCount: 1, ancestors: [] }
    visitedIds.add(next.id)
    root = next
    if (!link.isRetry) ancestors.push(next)
  }
  return { parent: ancestors[0] ?? null, root, segmentCount: ancestors.length + 1, ancestors }
}

/** The lineage of a session. `load` finds a session by id. Rejects with what it throws. */
export async function loadLineageSummary(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<LineageSummary<SessionRecord>> {
  const steps = walkAncestors(session, { findLink: findLineageLink, isLinked: isLinkedTo })
  let step = steps.next()
  while (!step.done) step = steps.next(await load(step.value))
  return step.value
}
