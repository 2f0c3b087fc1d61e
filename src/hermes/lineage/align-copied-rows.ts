/** A row of messages, as far as it matters whether another session has a copy of it. */
export interface CopyableMessageRow {
  readonly id: number
  /** False once the row was archived or undone. */
  readonly isActive: boolean
  /** True if a person took the message back, perhaps before the copy was made. */
  readonly isUndone: boolean
  /** True if the row is known to be newer than the copy. */
  readonly isNewer: boolean
}

/** The originals of the first rows of a copy, in order. */
export interface CopiedRows<Row> {
  readonly originals: readonly Row[]
  /** The copy contains every row that was active when it was made. */
  readonly isComplete: boolean
  /** The session has no row after these. */
  readonly isCopyExhausted: boolean
}

/** How rows are compared. */
export interface CopyRule<Row> {
  /** Whether a row of the copy is one of this row of the parent. */
  isCopy(copy: Row, original: Row): boolean
  /** Whether a row is a duplicate of an earlier one of the same session. */
  isDuplicate(row: Row, earlier: readonly Row[]): boolean
}

/**
 * Aligns the first rows of a session with the rows of its parent, both ordered by rowid. What a session copies are the
 * rows that are active then. They are the parent's last rows: those that compactions have archived before come before them.
 * Of the rows after the first copied one, only undone ones, newer ones and duplicates may be missing in the copy; what the
 * parent's rows have become since then does not matter. Returns the longest alignment.
 */
export function alignCopiedRows<Row extends CopyableMessageRow>(
  copy: readonly Row[],
  parent: readonly Row[],
  rule: CopyRule<Row>,
): CopiedRows<Row> {
  const [first] = copy
  let longest: CopiedRows<Row> = { originals: [], isComplete: false, isCopyExhausted: !first }
  if (!first) return longest
  for (const [index, row] of parent.entries()) {
    if (!row.isNewer && rule.isCopy(first, row)) {
      const aligned = alignFrom(copy, parent.slice(index), rule)
      if (aligned.isComplete) return aligned
      if (aligned.originals.length > longest.originals.length) longest = aligned
    }
    // A copy contains this row, so it does not begin after it.
    if (row.isActive && !row.isNewer) break
  }
  return longest
}

function alignFrom<Row extends CopyableMessageRow>(
  copy: readonly Row[],
  parent: readonly Row[],
  { isCopy, isDuplicate }: CopyRule<Row>,
): CopiedRows<Row> {
  const originals: Row[] = []
  for (const row of parent) {
    const next = copy[originals.length]
    if (next && isCopy(next, row)) originals.push(row)
    else if (!row.isUndone && !row.isNewer && !isDuplicate(row, originals)) {
      return { originals, isComplete: false, isCopyExhausted: !next }
    }
  }
  return { originals, isComplete: true, isCopyExhausted: originals.length === copy.length }
}
