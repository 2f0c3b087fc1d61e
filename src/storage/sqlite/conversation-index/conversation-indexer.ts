import { ascent, mostHops } from '../../../model/lineage.ts'
import type { Prepares } from '../database/statement-cache.ts'
import { conversationFacet, type Facet, isElsewhere } from './list-flags.ts'
import { isTipBefore, type PlacedSegment, type Segment } from './indexed-session.ts'
import { type ConversationRow, SegmentRows } from './conversation-index-tables.ts'

export interface SegmentChanges {
  /** Sessions that are new or say something else than before. */
  readonly put?: readonly Segment[]
  /** Ids of sessions that are gone. */
  readonly removed?: readonly string[]
}

export interface Applied {
  /** Ids of all whose row or place has changed. */
  readonly segments: ReadonlySet<string>
  /** By root: the facets of conversations before and after, null for none. */
  readonly conversations: ReadonlyMap<string, { readonly before: Facet | null; readonly after: Facet | null }>
  /** False when sessions are left that have to be placed anew: the next call goes on with them. */
  readonly settled: boolean
}

/** What one call has found so far. */
interface Work {
  readonly segments: Set<string>
  /** Conversations to be looked at, and how many sessions each has won. */
  readonly gains: Map<string, number>
}

interface Place {
  readonly root_id: string
  readonly depth: number | null
}

const childrenAtOnce = 500

/**
 * Keeps the index of conversations, by the rule of `continuation.ts`. What a change costs goes with the number of
 * sessions that get another place by it, not with the size of their conversation, nor with that of the index.
 */
export class SegmentIndex {
  readonly #rows: SegmentRows
  readonly #elsewhere: (root: PlacedSegment, tip: PlacedSegment) => boolean

  /** `elsewhere` tells what that bit of a conversation's facet says. */
  constructor(db: Prepares, elsewhere: (root: PlacedSegment, tip: PlacedSegment) => boolean) {
    this.#rows = new SegmentRows(db)
    this.#elsewhere = elsewhere
  }

  /**
   * Takes in what has changed, and places up to about `most` sessions anew that continue what has changed. To be called
   * inside of a transaction.
   */
  apply({ put = [], removed = [] }: SegmentChanges, most = Infinity): Applied {
    const work: Work = { segments: new Set(), gains: new Map() }
    for (const id of removed) this.#remove(id, work)
    for (const segment of put) this.#put(segment, work)
    const settled = this.#placeRest(most, work)
    const conversations = new Map<string, { before: Facet | null; after: Facet | null }>()
    for (const [rootId, gained] of work.gains) conversations.set(rootId, this.#refresh(rootId, gained))
    return { segments: work.segments, conversations, settled }
  }

  #put(segment: Segment, work: Work): void {
    const old = this.#rows.segment(segment.id)
    if (old && sameSegment(old, segment)) return
    work.segments.add(segment.id)
    // Before it is placed, for that to know of them: children first.
    if (old) {
      this.#rows.update(segment)
      look(work, old.root_id)
      if (old.can_be_continued !== segment.can_be_continued) this.#unplaceChildren(segment.id, true)
      if (old.continues !== segment.continues) this.#place(segment.id, true, work)
    } else if (this.#rows.hasChildren(segment.id)) {
      this.#rows.insert({ ...segment, root_id: segment.id, depth: 0 })
      gain(work, segment.id, 1)
      this.#unplaceChildren(segment.id, true)
      this.#place(segment.id, true, work)
    } else {
      const place = this.#placeOf(segment, false)
      this.#rows.insert({ ...segment, ...place })
      gain(work, place.root_id, 1)
    }
  }

  #remove(id: string, work: Work): void {
    const old = this.#rows.segment(id)
    if (!old) return
    work.segments.add(id)
    this.#rows.remove(id)
    gain(work, old.root_id, -1)
    this.#unplaceChildren(id, true)
  }

  #unplaceChildren(id: string, relinked: boolean): void {
    if (!this.#rows.hasChildren(id)) return
    this.#rows.putUnplaced({ parent_id: id, after_id: '', relinked: relinked ? 1 : 0 })
  }

  #placeRest(most: number, work: Work): boolean {
    for (let left = most; ; left -= this.#placeSome(Math.min(left, childrenAtOnce), work)) {
      if (this.#rows.isSettled) return true
      if (left <= 0) return false
    }
  }

  /** How many it has placed, and at least 1. */
  #placeSome(most: number, work: Work): number {
    const next = this.#rows.nextUnplaced()
    if (!next) return this.#placeDoubtful(work)
    const children = this.#rows.children(next.parent_id, next.after_id, most)
    const last = children.at(-1)
    // Before they are placed: that can bring the same parent here again.
    if (last === undefined || children.length < most) this.#rows.removeUnplaced(next.parent_id)
    else this.#rows.putUnplaced({ ...next, after_id: last })
    for (const id of children) this.#place(id, next.relinked === 1, work)
    return Math.max(children.length, 1)
  }

  #placeDoubtful(work: Work): number {
    const id = this.#rows.nextDoubtful()
    if (id !== null) {
      this.#rows.removeDoubtful(id)
      this.#place(id, true, work)
    }
    return 1
  }

  /** `relinked`: what it continues may be another one than before, rather than the same in another place. */
  #place(id: string, relinked: boolean, work: Work): void {
    const segment = this.#rows.segment(id)
    if (!segment) return
    look(work, segment.root_id)
    const { root_id, depth } = this.#placeOf(segment, relinked)
    if (root_id === segment.root_id && depth === segment.depth) return
    this.#rows.place(id, root_id, depth)
    work.segments.add(id)
    if (root_id !== segment.root_id) {
      gain(work, segment.root_id, -1)
      gain(work, root_id, 1)
    }
    this.#unplaceChildren(id, false)
  }

  #placeOf(segment: Segment, relinked: boolean): Place {
    const parent = segment.continues === null ? null : this.#rows.segment(segment.continues)
    if (!parent || !goesOn(segment, parent)) return { root_id: segment.id, depth: 0 }
    // A new link of a session that is continued itself can close a cycle: its parent's place may hang on its own.
    const canTrustParent = !relinked || !this.#rows.hasChildren(segment.id)
    if (canTrustParent && parent.depth !== null && parent.depth < mostHops) {
      return { root_id: parent.root_id, depth: parent.depth + 1 }
    }
    if (this.#rows.nextUnplaced()) this.#rows.putDoubtful(segment.id)
    const { root, segmentCount } = this.#climb(segment)
    const isWhole = this.#placesItself(root)
    return { root_id: root.id, depth: isWhole ? segmentCount - 1 : null }
  }

  #climb(segment: Segment) {
    const steps = ascent<Segment>(segment, ({ continues }) => continues, goesOn)
    let step = steps.next()
    while (!step.done) step = steps.next(this.#rows.segment(step.value))
    return step.value
  }

  /** It continues nothing: what a climb ends with otherwise is a cycle, or was cut off. */
  #placesItself(root: Segment): boolean {
    const parent = root.continues === null ? null : this.#rows.segment(root.continues)
    return !parent || !goesOn(root, parent)
  }

  /** Brings the row of a conversation up to its sessions. */
  #refresh(rootId: string, gained: number): { before: Facet | null; after: Facet | null } {
    const old = this.#rows.conversation(rootId)
    const before = old?.facet ?? null
    const row = this.#conversationOf(rootId, (old?.segment_count ?? 0) + gained)
    if (!row) this.#rows.removeConversation(rootId)
    else if (!old || !sameConversation(old, row)) this.#rows.putConversation(row)
    return { before, after: row?.facet ?? null }
  }

  #conversationOf(rootId: string, segmentCount: number): ConversationRow | null {
    if (segmentCount <= 0) return null
    const root = this.#rows.segment(rootId)
    // A root can be gone, or a part of another conversation: as long as not all that has changed is placed, and where a
    // chain was cut off.
    const first = root?.root_id === rootId ? root : null
    const newest = first && segmentCount === 1 ? null : this.#rows.newestOf(rootId)
    const tip = newest && (!first || isTipBefore(newest, first)) ? newest : first
    if (!tip) return null
    return {
      root_id: rootId,
      tip_id: tip.id,
      segment_count: segmentCount,
      last_activity_at: tip.activity_at,
      facet: conversationFacet((first ?? tip).facet, tip.facet, {
        elsewhere: this.#elsewhere(first ?? tip, tip),
        empty: tip.message_at === null,
      }),
    }
  }
}

function goesOn(child: Segment, parent: Segment): boolean {
  return parent.can_be_continued === 1 && (isElsewhere(child.facet) || !isElsewhere(parent.facet))
}

function gain(work: Work, rootId: string, count: number): void {
  work.gains.set(rootId, (work.gains.get(rootId) ?? 0) + count)
}

function look(work: Work, rootId: string): void {
  gain(work, rootId, 0)
}

function sameSegment(a: Segment, b: Segment): boolean {
  return (
    a.continues === b.continues &&
    a.can_be_continued === b.can_be_continued &&
    a.started_at === b.started_at &&
    a.message_at === b.message_at &&
    a.activity_at === b.activity_at &&
    a.facet === b.facet
  )
}

function sameConversation(a: ConversationRow, b: ConversationRow): boolean {
  return (
    a.tip_id === b.tip_id &&
    a.segment_count === b.segment_count &&
    a.last_activity_at === b.last_activity_at &&
    a.facet === b.facet
  )
}
