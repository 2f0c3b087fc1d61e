import { type HermesMessageOutlineRow, isHermesSummaryRow } from './message-outline-row.ts'

/** The rows that one in-place compaction has inserted, by their indexes in the list of rows. */
export interface CompactionBatch {
  readonly start: number
  /** The index after the last row. */
  readonly end: number
}

/** Hermes numbers the times of a batch by microseconds, and stores them as doubles, which are less exact. */
const maxSecondsPerRow = 3e-6

/**
 * Finds the rows that in-place compactions have inserted. No column marks them. A batch contains a summary; its rows have
 * consecutive ids, and each has either the time of an earlier row or a time that counts on from the compaction's. Before a
 * batch, there are archived rows and no active ones: otherwise it was copied by a fork or by an import.
 *
 * `hasEarlierEqual`: the ids of rows with the fingerprint of an earlier row. Rows are ordered by rowid.
 */
export function findCompactionBatches(
  rows: readonly HermesMessageOutlineRow[],
  hasEarlierEqual: ReadonlySet<number>,
): CompactionBatch[] {
  const finder = new BatchFinder(rows)
  const batches: CompactionBatch[] = []
  for (const [index, row] of rows.entries()) {
    if (!isHermesSummaryRow(row) || hasEarlierEqual.has(row.id) || index < (batches.at(-1)?.end ?? 0)) continue
    const batch = finder.growFrom(index)
    if (finder.followsArchivedRows(batch)) batches.push(batch)
  }
  const newest = finder.findNewestStart()
  if (newest === null || batches.some(({ end }) => end > newest)) return batches
  return [...batches, finder.growFrom(newest)]
}

class BatchFinder {
  readonly #rows: readonly HermesMessageOutlineRow[]
  /** Whether the row has the role and the time of an earlier one. */
  readonly #carried: readonly boolean[]
  readonly #firstArchived: number
  readonly #firstActive: number

  constructor(rows: readonly HermesMessageOutlineRow[]) {
    const seen = new Set<string>()
    this.#rows = rows
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

  followsArchivedRows({ start }: CompactionBatch): boolean {
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
   * count on. Of these, two are those of a batch; a single one may be a later message.
   */
  growFrom(base: number): CompactionBatch {
    const batch = this.#growWhileRelated(base)
    const isNumberedBehind = this.#isContiguous(batch.end - 1) && this.#isNumbered(batch.end)
    return this.#carried[base] && isNumberedBehind
      ? { start: batch.start, end: this.#growWhileRelated(batch.end).end }
      : batch
  }

  #growWhileRelated(base: number): CompactionBatch {
    let [start, end] = [base, base + 1]
    while (this.#isContiguous(start - 1) && this.#belongsTo(start - 1, base)) start -= 1
    while (this.#isContiguous(end - 1) && this.#belongsTo(end, base)) end += 1
    return { start, end }
  }

  #isNumbered(index: number): boolean {
    return !this.#carried[index] && this.#isContiguous(index) && this.#isCloseTo(index + 1, index)
  }

  /** Whether the row and the next one can be of the same batch: rows of a batch are archived together. */
  #isContiguous(index: number): boolean {
    const [row, next] = [this.#rows[index], this.#rows[index + 1]]
    if (!row || !next || next.id - row.id !== 1) return false
    return row.state === next.state || row.state === 'undone' || next.state === 'undone'
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

function findIndexOrEnd<T>(list: readonly T[], matches: (item: T) => boolean): number {
  const index = list.findIndex((item) => matches(item))
  return index < 0 ? list.length : index
}
