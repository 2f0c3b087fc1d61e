import type { HermesTextKind } from './compaction-text.ts'

/**
 * `active`: live. `archived`: replaced by an in-place compaction, which a person has seen before. `undone`: taken back by a
 * person, or by Hermes for them.
 */
export type HermesRowState = 'active' | 'archived' | 'undone'

/** The parts of a row that decide which messages are shown and in which order. Contents are read later. */
export interface HermesMessageOutlineRow {
  readonly id: number
  readonly role: string | null
  /** As stored: rows are compared by it, but not ordered. */
  readonly timestamp: unknown
  readonly toolCallId: string | null
  /** For each of its tool calls, the ids by which a result may name it. */
  readonly callIds: readonly (readonly string[])[]
  readonly state: HermesRowState
  /** The id of the message on its chat platform; null elsewhere. Copies may have lost it. */
  readonly platformMessageId: string | null
  /** Hermes marks the row as one that is not shown. */
  readonly isHidden: boolean
  /** What Hermes wrote into it instead of a person or a model; null for anything else. */
  readonly textKind: HermesTextKind | null
  readonly displayOrder: number | null
}

/**
 * Which part of a row's content a message is. A merged summary is the copy of a message with a summary behind it: `ownText` is
 * the copied message, `summary` the summary, `whole` both.
 */
export type HermesContentSection = 'whole' | 'summary' | 'ownText'

/** One message that is shown. */
export interface HermesMessageRowIds {
  readonly position: number
  /** The rowid that the message's id contains: of its oldest copy, so that a compaction does not change the id. */
  readonly id: number
  /** The row with the content. */
  readonly contentRowId: number
  readonly section: HermesContentSection
  readonly isSummary: boolean
  /** The rows of the tool results, in the order of the calls; null for a call without one. */
  readonly resultRowIds: readonly (number | null)[]
}

/** The texts by which copies of a message are recognised, without surrounding white space. In place of a long one is its hash. */
export interface HermesComparableTexts {
  /** The content; of a merged summary, the copied message only. */
  readonly text: string
  /** What the model was sent in place of the content; null if that is the content. */
  readonly sentText: string | null
  /** The summary behind a copied message; null if there is none. */
  readonly mergedSummary: string | null
}

/** Loads what is compared of rows, by rowid. */
export interface HermesRowComparisonLoader {
  /** Rows with equal fingerprints have the same role, time, content, and tool calls. */
  readonly loadFingerprints: (ids: readonly number[]) => ReadonlyMap<number, string>
  readonly loadTexts: (ids: readonly number[]) => ReadonlyMap<number, HermesComparableTexts>
}

/** Whether a row can be a message, or a part of one. */
export function isHermesMessageRow({ role, textKind, isHidden }: HermesMessageOutlineRow): boolean {
  return role !== 'session_meta' && textKind !== 'synthetic' && !isHidden
}

/** Whether a row has a summary that a compaction has written. */
export function isHermesSummaryRow({ textKind }: HermesMessageOutlineRow): boolean {
  return textKind === 'summary' || textKind === 'mergedSummary'
}
