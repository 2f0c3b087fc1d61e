import { findHermesCompactionBatches } from './find-compaction-batches.ts'
import {
  findMergedMessages,
  type LiveHermesMessage,
  matchCopiesAndAnchor,
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
  const newSummaryIds = findNewSummaries(rows, loader)
  const batches = findHermesCompactionBatches(rows, { fingerprints, newSummaryIds })
  const comparedRows = rows.slice(0, batches.at(-1)?.maxEnd ?? 0)
  const texts = loader.loadTexts(comparedRows.filter(({ role }) => role !== 'tool').map(({ id }) => id))
  const tracer = new CompactionTracer(fingerprints, texts)
  let next = 0
  for (const [index, { start, end, maxEnd }] of batches.entries()) {
    for (const row of rows.slice(next, start)) tracer.addRow(row)
    const following = rows.slice(end, Math.min(maxEnd, batches[index + 1]?.start ?? maxEnd))
    const batch = rows.slice(start, end)
    const copies = tracer.findRemainingCopies(batch, following)
    tracer.addBatch([...batch, ...copies])
    next = end + copies.length
  }
  for (const row of rows.slice(next)) tracer.addRow(row)
  return tracer
}

/** The rows with a summary that no earlier row has. */
function findNewSummaries(
  rows: readonly HermesMessageOutlineRow[],
  loader: HermesRowComparisonLoader,
): ReadonlySet<number> {
  const ids = rows.some(({ state }) => state === 'archived') ? rows.filter(isHermesSummaryRow).map(({ id }) => id) : []
  const texts = ids.length === 0 ? new Map<number, HermesComparableTexts>() : loader.loadTexts(ids)
  const firstIds = new Map(ids.toReversed().map((id) => [toSummary(texts.get(id)), id]))
  return new Set(firstIds.values())
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
  /** By fingerprint and id on the chat platform. */
  readonly #shownByFingerprint = new Map<string, Map<string | null, HermesMessageOutlineRow>>()
  readonly #shownBySummary = new Map<string, HermesMessageOutlineRow>()
  /** What the model had, in order. */
  #live: LiveHermesMessage[] = []
  /** Those of them behind the last copy of a compaction: it has kept them, or summarized them and kept only a task list. */
  readonly #maybeKept = new Set<LiveHermesMessage>()

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

  /**
   * A batch ends with copies of the last messages. Returns the rows right behind the ones that are known to be of the batch
   * that are copies of the messages up to the last one.
   */
  findRemainingCopies(
    rows: readonly HermesMessageOutlineRow[],
    following: readonly HermesMessageOutlineRow[],
  ): readonly HermesMessageOutlineRow[] {
    if (following.length === 0) return []
    const lastPartner = this.#matchCopies(rows.filter(isHermesMessageRow)).findLast((index) => index !== null) ?? null
    const remaining = lastPartner === null ? [] : this.#live.slice(lastPartner + 1)
    const candidates = following.filter(isHermesMessageRow)
    const isCopied = (messages: readonly LiveHermesMessage[]): boolean =>
      messages.every(({ keys }, index) => {
        const row = candidates[index]
        return row && toCopyKeys(row, this.#texts.get(row.id)).some((key) => keys.includes(key))
      })
    const copied = [remaining, remaining.filter((message) => !this.#maybeKept.has(message))].find(isCopied)
    const lastCopy = candidates[(copied?.length ?? 0) - 1]
    // A task list may stand between them.
    return lastCopy ? following.slice(0, following.indexOf(lastCopy) + 1) : []
  }

  /** Adds the rows that a compaction has inserted. */
  addBatch(rows: readonly HermesMessageOutlineRow[]): void {
    const batch = rows.filter(isHermesMessageRow)
    const partners = this.#matchCopies(batch)
    const live = this.#live
    const firstUndone = batch.findIndex(({ state }, index) => state === 'undone' && partners[index] !== null)
    const keptCount = firstUndone < 0 ? live.length : (partners[firstUndone] ?? live.length)
    this.#takeBack(live.slice(keptCount))
    const lastPartner = partners.findLast((index) => index !== null) ?? -1
    const copied = new Set(partners)
    const summarized = live.slice(0, Math.min(keptCount, lastPartner)).filter((_, index) => !copied.has(index))
    const summarizedRows = summarized.flatMap(listRows)
    const next = batch.flatMap((row, index) => {
      const partner = partners[index] ?? null
      if (row.state === 'undone') return []
      return partner === null ? this.#addNewRow(row, summarizedRows) : this.#addCopy(row, live[partner], summarizedRows)
    })
    // A partial compaction keeps the last messages without copying them. It never comes before a turn.
    const lastRow = batch.at(-1)
    const isBeforeTurn = lastRow?.role === 'user' && !isHermesSummaryRow(lastRow) && partners.at(-1) === null
    const kept = isBeforeTurn ? [] : live.slice(0, keptCount).slice(lastPartner + 1)
    for (const message of kept) this.#maybeKept.add(message)
    this.#live = [...next, ...kept]
  }

  /**
   * Hides what a person took back from the first of these messages on: everything that was said since, and each later summary with
   * the summaries that it stands for.
   */
  #takeBack([first, ...later]: readonly LiveHermesMessage[]): void {
    const rows = [...(first?.rows ?? []), ...later.flatMap(listRows)]
    for (const { id } of rows) this.#shown.delete(id)
    const start = rows.find((row) => !isHermesSummaryRow(row))?.id
    if (start === undefined) return
    for (const { row } of this.shown) if (row.id >= start && !isHermesSummaryRow(row)) this.#shown.delete(row.id)
  }

  #matchCopies(batch: readonly HermesMessageOutlineRow[]): (number | null)[] {
    const copies = batch.map((row) => ({
      keys: toCopyKeys(row, this.#texts.get(row.id)),
      role: row.role,
      isSummary: isHermesSummaryRow(row),
    }))
    const summaryIndex = batch.findIndex(
      (row) => isHermesSummaryRow(row) && !this.#shownBySummary.has(toSummary(this.#texts.get(row.id))),
    )
    // A merged summary is in the first of the copies of the last messages.
    const tailStart = summaryIndex + (batch[summaryIndex]?.textKind === 'mergedSummary' ? 0 : 1)
    if (summaryIndex < 0) return matchCopiesAndAnchor(this.#live, copies, { summaryIndex: 0, tailStart: copies.length })
    return matchCopiesAndAnchor(this.#live, copies, { summaryIndex, tailStart })
  }

  #addCopy(
    row: HermesMessageOutlineRow,
    original: LiveHermesMessage | undefined,
    summarizedRows: readonly HermesMessageOutlineRow[],
  ): LiveHermesMessage[] {
    if (!original) return []
    const shown = original.rows[0]
    if (shown) this.originalIds.set(row.id, shown.id)
    const summary = this.#addSummary(row, 'summary')
    const isNewSummary = summary === row
    return [
      {
        ...original,
        keys: [...new Set([...original.keys, ...this.#toLive(row, []).keys])],
        rows: [...new Set([...original.rows, ...(summary ? [summary] : [])])],
        summarizedRows: isNewSummary ? [...original.summarizedRows, ...summarizedRows] : original.summarizedRows,
      },
    ]
  }

  #addNewRow(row: HermesMessageOutlineRow, summarizedRows: readonly HermesMessageOutlineRow[]): LiveHermesMessage[] {
    const repeated = this.#findRepeated(row)
    if (repeated) return [this.#toLive(row, [repeated])]
    if (isHermesSummaryRow(row)) {
      const summary = this.#addSummary(row, 'whole')
      return summary ? [{ ...this.#toLive(row, [summary]), summarizedRows }] : []
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
    const summary = isHermesSummaryRow(row) ? toSummary(this.#texts.get(row.id)) : null
    if (summary === null) return null
    const shown = this.#shownBySummary.get(summary)
    if (!shown) this.#show(row, section)
    this.summaryIds.set(row.id, shown?.id ?? row.id)
    return shown ?? row
  }

  #show(row: HermesMessageOutlineRow, section: HermesContentSection): void {
    this.#shown.set(row.id, { row, section })
    const fingerprint = this.#fingerprints.get(row.id)
    if (fingerprint !== undefined) {
      const shownRows = this.#shownByFingerprint.get(fingerprint) ?? new Map<string | null, HermesMessageOutlineRow>()
      this.#shownByFingerprint.set(fingerprint, shownRows.set(row.platformMessageId, row))
    }
    if (isHermesSummaryRow(row)) {
      this.#shownBySummary.set(toSummary(this.#texts.get(row.id)), row)
      this.summaryIds.set(row.id, row.id)
    }
  }

  /**
   * A row was written twice if one before it is shown with the same time and content: returns that one. Chat platforms give
   * times in whole seconds, in which a person can send the same text twice: then their ids differ.
   */
  #findRepeated(row: HermesMessageOutlineRow): HermesMessageOutlineRow | null {
    const shownRows = this.#shownByFingerprint.get(this.#fingerprints.get(row.id) ?? '')
    const id = row.platformMessageId
    const candidates = id === null ? [...(shownRows?.values() ?? [])] : [shownRows?.get(id), shownRows?.get(null)]
    const earlier = candidates.find((shown) => shown !== undefined && this.#shown.has(shown.id))
    if (!earlier) return null
    this.originalIds.set(row.id, earlier.id)
    return earlier
  }

  #toLive(row: HermesMessageOutlineRow, rows: readonly HermesMessageOutlineRow[]): LiveHermesMessage {
    const texts = this.#texts.get(row.id)
    return { keys: toOriginalKeys(row, texts), text: texts?.text ?? '', role: row.role, rows, summarizedRows: [] }
  }
}

/** The summary in a row that has one. */
function toSummary(texts: HermesComparableTexts | undefined): string {
  return texts?.mergedSummary ?? texts?.text ?? ''
}

/** The rows that are shown for a message, and those that a summary in it stands for. */
function listRows({ rows, summarizedRows }: LiveHermesMessage): readonly HermesMessageOutlineRow[] {
  return rows.concat(summarizedRows)
}
