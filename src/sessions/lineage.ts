import type { SessionRecord } from '../storage/records.ts'

/** A chain longer than this is cut off here: nobody compacts a chat so often, a damaged file might seem to. */
export const mostHops = 1000

const continuedEndings: ReadonlySet<string | null> = new Set(['compression', 'cli_close'])
const neverContinues: ReadonlySet<string> = new Set(['tool', 'subagent'])

/** Ended in a way that another session can go on from: its context was compacted, or it moved from the terminal. */
export function canBeContinued(session: SessionRecord): boolean {
  return continuedEndings.has(session.endReason)
}

/**
 * The one rule of lineage: whether a session goes on where the one that it names as its parent ended. A continuation
 * inherits its parent's markers, so they count only where they name this very parent.
 */
export function continues(child: SessionRecord, parent: SessionRecord): boolean {
  return (
    child.parentId === parent.id &&
    child.id !== parent.id &&
    canBeContinued(parent) &&
    !child.notContinuationOf.includes(parent.id) &&
    !neverContinues.has(child.source)
  )
}

export interface Lineage {
  /** The segment that this one continues. */
  readonly parent: SessionRecord | null
  /** The first segment; the session itself when it continues nothing. */
  readonly root: SessionRecord
  /** Segments from the root to this one, both counted. */
  readonly segmentCount: number
}

/**
 * Walks up from a session to the root of its chain. A walk that meets an id twice has found a cycle: the session then
 * stands alone, so that nothing is hidden. The answer depends on the session only, not on what else is asked for.
 */
export async function lineageOf(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<Lineage> {
  const seen = new Set([session.id])
  let parent: SessionRecord | null = null
  let root = session
  while (root.parentId !== null && seen.size <= mostHops) {
    const next: SessionRecord | null = await load(root.parentId)
    if (!next || !continues(root, next)) break
    if (seen.has(next.id)) return { parent: null, root: session, segmentCount: 1 }
    seen.add(next.id)
    parent ??= next
    root = next
  }
  return { parent, root, segmentCount: seen.size }
}
