import { findIndexOrEnd } from '../../lib/find-index-or-end.ts'
import { type HermesMessageOutlineRow, isHermesSummaryRow } from './message-outline-row.ts'

/** The rows that one in-place compaction has inserted, by their indexes in the list of rows. */
export interface HermesCompactionBatch {
  readonly start: number
  /** The index after the last row. */
  readonly end: number
  /** The index after the last row that may belong to it, which only its content can tell: the times of the batch do not. */
  readonly maxEnd: number
}

type RowRange = Pick<HermesCompactionBatch, 'start' | 'end'>

/** Hermes numbers the times of a batch by microseconds, and stores them as doubles, which are less exact. */
const maxSecondsPerRow = 3e-6

/** What is known of the contents of the rows, by rowid. */
export interface ComparedHermesRows {
  /** Of rows whose role and time occur more than once. */
  readonly fingerprints: ReadonlyMap<number, string>
  /** Rows with a summary that no earlier row has. */
  readonly newSummaryIds: ReadonlySet<number>
}

/**
 * Finds the rows that in-place compactions have inserted. No column marks them. A batch contains a summary; its rows have
 * consecutive ids, and each has either the time of an earlier row or a time that counts on from the compaction's. Before a
 * batch, there are archived rows and no active ones: otherwise it was copied by a fork or by an import. Rows are ordered by
 * rowid.
 */
export function findHermesCompactionBatches(
  rows: readonly HermesMessageOutlineRow[],
  compared: ComparedHermesRows,
): HermesCompactionBatch[] {
  const finder = new BatchFinder(rows, compared)
  const batches: HermesCompactionBatch[] = []
  const seen = new Set<string | undefined>()
  for (const [index, row] of rows.entries()) {
    const fingerprint = compared.fingerprints.get(row.id)
    const hasEarlierEqual = fingerprint !== undefined && seen.has(fingerprint)
    seen.add(fingerprint)
    const previousEnd = batches.at(-1)?.end ?? 0
    if (!isHermesSummaryRow(row) || hasEarlierEqual || index < previousEnd) continue
    const batch = finder.growFrom(index, previousEnd)
    if (finder.followsArchivedRows(batch)) batches.push(batch)
  }
  const newest = finder.findNewestStart()
  const previousEnd = batches.at(-1)?.end ?? 0
  return newest === null || previousEnd > newest ? batches : [...batches, finder.growFrom(newest, previousEnd)]
}

class BatchFinder {
  readonly #rows: readonly HermesMessageOutlineRow[]
  /** Whether the row has the role and the time of an earlier one. */
  readonly #carried: readonly boolean[]
  readonly #firstArchived: number
  readonly #firstActive: number
  readonly #compared: ComparedHermesRows

  constructor(rows: readonly HermesMessageOutlineRow[], compared: ComparedHermesRows) {
    const seen = new Set<string>()
    this.#rows = rows
    this.#compared = compared
    this.#carried = rows.map(({ role, timestamp }) => {
      if (typeof timestamp !== 'number') return false
      const key = `${role} ${timestamp}`
      const isCarried = seen.has(key)
      seen.add(key)
      return isCarried
    })
    this.#firstArchived = findIndexOrEnd(rows, ({ state }) => state === 'archived')
    this.#firstActive = findIndexOrEnd(rows, ({ state }) => state === 'active')
  }

  followsArchivedRows({ start }: HermesCompactionBatch): boolean {
    return this.#firstArchived < start && this.#firstActive >= start
  }

  /** The first active row, where a compaction has archived all rows before; null without one. */
  findNewestStart(): number | null {
    const lastArchived = this.#rows.findLastIndex(({ state }) => state === 'archived')
    return lastArchived >= 0 && this.#firstActive > lastArchived && this.#firstActive < this.#rows.length
      ? this.#firstActive
      : null
  }

  /**
   * The batch of a row. A row with the time of an earlier one does not tell the compaction's: the rows behind it do if they
   * count on. Of these, two are those of a batch, or a new summary; any other single one may be a later message.
   */
  growFrom(base: number, minStart: number): HermesCompactionBatch {
    const range = this.#growWhileRelated(base, { start: base, end: base + 1 }, minStart)
    if (!this.#carried[base]) return { ...range, maxEnd: range.end }
    if (this.#isContiguous(range.end - 1) && (this.#isNumbered(range.end) || this.#isFirstNewSummary(range))) {
      const numbered = this.#growWhileRelated(range.end, range, minStart)
      return { ...numbered, maxEnd: numbered.end }
    }
    let maxEnd = range.end
    while (this.#isContiguous(maxEnd - 1)) maxEnd += 1
    return { ...range, maxEnd }
  }

  #growWhileRelated(base: number, range: RowRange, minStart: number): RowRange {
    let { start, end } = range
    const members = new BatchMembers(this.#compared)
    for (const row of this.#rows.slice(start, end)) members.add(row)
    const admits = (index: number): boolean => {
      const row = this.#rows[index]
      return row !== undefined && this.#belongsTo(index, base) && members.add(row)
    }
    while (start > minStart && this.#isContiguous(start - 1) && admits(start - 1)) start -= 1
    while (this.#isContiguous(end - 1) && admits(end)) end += 1
    return { start, end }
  }

  #isNumbered(index: number): boolean {
    return !this.#carried[index] && this.#isContiguous(index) && this.#isCloseTo(index + 1, index)
  }

  /** Whether a summary follows these rows that belongs to them: they have none but copies of earlier ones. */
  #isFirstNewSummary({ start, end }: RowRange): boolean {
    const isNewSummary = (row: HermesMessageOutlineRow | undefined): boolean =>
      row !== undefined && this.#compared.newSummaryIds.has(row.id)
    return isNewSummary(this.#rows[end]) && !this.#rows.slice(start, end).some(isNewSummary)
  }

  /** Whether the row and the next one can be of the same batch: it is archived as one, and undone from a row on. */
  #isContiguous(index: number): boolean {
    const [row, next] = [this.#rows[index], this.#rows[index + 1]]
    if (!row || !next || next.id - row.id !== 1) return false
    return row.state === next.state || next.state === 'undone'
  }

  #belongsTo(index: number, base: number): boolean {
    return this.#carried[index] === true || (!this.#carried[base] && this.#isCloseTo(index, base))
  }

  #isCloseTo(index: number, base: number): boolean {
    const [row, baseRow] = [this.#rows[index], this.#rows[base]]
    if (typeof row?.timestamp !== 'number' || typeof baseRow?.timestamp !== 'number') return false
    return Math.abs(row.timestamp - baseRow.timestamp) <= maxSecondsPerRow * Math.abs(row.id - baseRow.id)
  }
}

/** The rows of a batch: none of them twice, and one new summary. Another batch may follow without a gap. */
class BatchMembers {
  readonly #compared: ComparedHermesRows
  readonly #memberKeys = new Set<string>()
  #hasNewSummary = false

  constructor(compared: ComparedHermesRows) {
    this.#compared = compared
  }

  /** Returns false, without adding the row, if it must be in another batch. */
  add({ id, platformMessageId }: HermesMessageOutlineRow): boolean {
    const fingerprint = this.#compared.fingerprints.get(id)
    const isNewSummary = this.#compared.newSummaryIds.has(id)
    const key = fingerprint === undefined ? null : `${platformMessageId ?? ''} ${fingerprint}`
    if ((isNewSummary && this.#hasNewSummary) || (key !== null && this.#memberKeys.has(key))) return false
    if (key !== null) this.#memberKeys.add(key)
    this.#hasNewSummary ||= isNewSummary
    return true
  }
}
