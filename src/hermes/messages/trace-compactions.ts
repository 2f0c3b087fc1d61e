import { findCompactionBatches } from './find-compaction-batches.ts'
import {
  findMergedMessages,
  type LiveHermesMessage,
  matchCopies,
  removedToolCallText,
  toCopyKeys,
  toOriginalKeys,
} from './match-message-copies.ts'
import {
  type HermesComparableTexts,
  type HermesContentSection,
  type HermesMessageOutlineRow,
  type HermesRowComparisonLoader,
  isHermesMessageRow,
  isHermesSummaryRow,
} from './message-outline-row.ts'

/** The messages of a session, once the copies that compactions have made are found. */
export interface TracedHermesMessages {
  /** The rows that are shown, ordered by rowid. */
  readonly shown: readonly { readonly row: HermesMessageOutlineRow; readonly section: HermesContentSection }[]
  /** By rowid of a copy, the row that is shown for it. */
  readonly originalIds: ReadonlyMap<number, number>
  /** By rowid of a row with a summary, the row that is shown with this summary. */
  readonly summaryIds: ReadonlyMap<number, number>
}

/**
 * Finds the messages that a person has seen, each once: what was archived by in-place compactions, the summary in its place, and
 * what followed. Hides the copies of messages that a compaction inserts beside its summary, what was taken back, and what a
 * gateway wrote twice. `rows` are all rows of a session, ordered by rowid.
 */
export function traceHermesCompactions(
  rows: readonly HermesMessageOutlineRow[],
  loader: HermesRowComparisonLoader,
): TracedHermesMessages {
  const fingerprints = loadFingerprintsOfSameTime(rows, loader)
  const hasEarlierEqual = new Set<number>()
  const seen = new Set<string>()
  for (const [id, fingerprint] of fingerprints) {
    if (seen.has(fingerprint)) hasEarlierEqual.add(id)
    seen.add(fingerprint)
  }
  const batches = findCompactionBatches(rows, hasEarlierEqual)
  const comparedRows = rows.slice(0, batches.at(-1)?.end ?? 0)
  const texts = loader.loadTexts(comparedRows.filter(({ role }) => role !== 'tool').map(({ id }) => id))
  const tracer = new CompactionTracer(fingerprints, texts)
  let next = 0
  for (const { start, end } of batches) {
    for (const row of rows.slice(next, start)) tracer.addRow(row)
    tracer.addBatch(rows.slice(start, end).filter(isHermesMessageRow))
    next = end
  }
  for (const row of rows.slice(next)) tracer.addRow(row)
  return tracer
}

/** By rowid in ascending order, the fingerprints of rows whose role and time occur more than once. */
function loadFingerprintsOfSameTime(
  rows: readonly HermesMessageOutlineRow[],
  loader: HermesRowComparisonLoader,
): ReadonlyMap<number, string> {
  const timed = rows.filter(({ timestamp }) => timestamp !== null)
  const candidates = [...Map.groupBy(timed, ({ role, timestamp }) => `${role} ${String(timestamp)}`).values()]
    .filter((group) => group.length > 1)
    .flat()
    .map(({ id }) => id)
    .toSorted((a, b) => a - b)
  if (candidates.length === 0) return new Map()
  const fingerprints = loader.loadFingerprints(candidates)
  return new Map(candidates.flatMap((id) => (fingerprints.has(id) ? [[id, fingerprints.get(id) ?? ''] as const] : [])))
}

class CompactionTracer implements TracedHermesMessages {
  readonly originalIds = new Map<number, number>()
  readonly summaryIds = new Map<number, number>()
  readonly #fingerprints: ReadonlyMap<number, string>
  readonly #texts: ReadonlyMap<number, HermesComparableTexts>
  readonly #shown = new Map<number, { readonly row: HermesMessageOutlineRow; readonly section: HermesContentSection }>()
  readonly #shownByFingerprint = new Map<string, HermesMessageOutlineRow>()
  readonly #shownBySummary = new Map<string, HermesMessageOutlineRow>()
  /** What the model had, in order. */
  #live: LiveHermesMessage[] = []

  constructor(fingerprints: ReadonlyMap<number, string>, texts: ReadonlyMap<number, HermesComparableTexts>) {
    this.#fingerprints = fingerprints
    this.#texts = texts
  }

  get shown(): TracedHermesMessages['shown'] {
    return [...this.#shown.values()].toSorted((a, b) => a.row.id - b.row.id)
  }

  /** Adds a row that no compaction has inserted. */
  addRow(row: HermesMessageOutlineRow): void {
    if (row.state === 'undone' || !isHermesMessageRow(row) || this.#findRepeated(row)) return
    this.#show(row, 'whole')
    this.#live.push(this.#toLive(row, [row]))
  }

  /** Adds the rows that a compaction has inserted. */
  addBatch(batch: readonly HermesMessageOutlineRow[]): void {
    const partners = matchCopies(
      this.#live,
      batch.map((row) => ({ keys: toCopyKeys(row, this.#texts.get(row.id)) })),
    )
    const live = this.#live
    const firstUndone = batch.findIndex(({ state }, index) => state === 'undone' && partners[index] !== null)
    const keptCount = firstUndone < 0 ? live.length : (partners[firstUndone] ?? live.length)
    for (const row of live.slice(keptCount).flatMap((message) => message.rows)) this.#shown.delete(row.id)
    const next = batch.flatMap((row, index) => {
      const partner = partners[index] ?? null
      if (row.state === 'undone') return []
      return partner === null ? this.#addNewRow(row) : this.#addCopy(row, live[partner])
    })
    // A partial compaction keeps the last messages without copying them.
    const lastPartner = partners.findLast((index) => index !== null) ?? -1
    this.#live = [...next, ...live.slice(0, keptCount).slice(lastPartner + 1)]
  }

  #addCopy(row: HermesMessageOutlineRow, original: LiveHermesMessage | undefined): LiveHermesMessage[] {
    if (!original) return []
    const shown = original.rows[0]
    if (shown) this.originalIds.set(row.id, shown.id)
    const summary = this.#addSummary(row, 'summary')
    const rows = new Set([...original.rows, ...(summary ? [summary] : [])])
    return [{ ...original, keys: [...new Set([...original.keys, ...this.#toLive(row, []).keys])], rows: [...rows] }]
  }

  #addNewRow(row: HermesMessageOutlineRow): LiveHermesMessage[] {
    const repeated = this.#findRepeated(row)
    if (repeated) return [this.#toLive(row, [repeated])]
    if (isHermesSummaryRow(row)) {
      const summary = this.#addSummary(row, 'whole')
      return summary ? [this.#toLive(row, [summary])] : []
    }
    const { text = '' } = this.#texts.get(row.id) ?? {}
    if (row.role === 'assistant' && text === removedToolCallText) return []
    const merged = row.callIds.length === 0 && row.role !== 'tool' ? findMergedMessages(this.#live, row, text) : null
    const rows = merged?.flatMap((message) => message.rows) ?? [row]
    const [first] = rows
    if (merged && first) this.originalIds.set(row.id, first.id)
    else this.#show(row, 'whole')
    return [this.#toLive(row, rows)]
  }

  /** The row that is shown with the summary in this row: this row, unless another one was. Null without a summary. */
  #addSummary(row: HermesMessageOutlineRow, section: HermesContentSection): HermesMessageOutlineRow | null {
    const summary = isHermesSummaryRow(row) ? (this.#texts.get(row.id)?.summary ?? '') : null
    if (summary === null) return null
    const shown = this.#shownBySummary.get(summary)
    if (!shown) this.#show(row, section)
    this.summaryIds.set(row.id, shown?.id ?? row.id)
    return shown ?? row
  }

  #show(row: HermesMessageOutlineRow, section: HermesContentSection): void {
    this.#shown.set(row.id, { row, section })
    const fingerprint = this.#fingerprints.get(row.id)
    if (fingerprint !== undefined) this.#shownByFingerprint.set(fingerprint, row)
    if (isHermesSummaryRow(row)) {
      this.#shownBySummary.set(this.#texts.get(row.id)?.summary ?? '', row)
      this.summaryIds.set(row.id, row.id)
    }
  }

  /** A row was written twice if one before it is shown with the same time and content: returns that one. */
  #findRepeated(row: HermesMessageOutlineRow): HermesMessageOutlineRow | null {
    const fingerprint = this.#fingerprints.get(row.id)
    const earlier = fingerprint === undefined ? undefined : this.#shownByFingerprint.get(fingerprint)
    if (!earlier || !this.#shown.has(earlier.id)) return null
    this.originalIds.set(row.id, earlier.id)
    return earlier
  }

  #toLive(row: HermesMessageOutlineRow, rows: readonly HermesMessageOutlineRow[]): LiveHermesMessage {
    const texts = this.#texts.get(row.id)
    return { keys: toOriginalKeys(row, texts), text: texts?.text ?? '', role: row.role, rows }
  }
}
