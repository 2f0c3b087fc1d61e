import type { Role } from '../../model/message.ts'

/** The parts of a row that decide which messages are shown and in which order. Contents are read later. */
export interface HermesMessageOutlineRow {
  readonly id: number
  readonly role: string | null
  /** As stored: rows are compared by it, but not ordered. */
  readonly timestamp: unknown
  readonly toolCallId: string | null
  /** The ids of its tool calls. */
  readonly callIds: readonly (string | null)[]
  /** False if a compaction has archived the row. */
  readonly isActive: boolean
  readonly isHidden: boolean
  readonly displayOrder: number | null
}

/** One message that is shown. */
export interface HermesMessageRowIds {
  readonly position: number
  /** The rowid that the message's id contains: of its oldest copy, so that a compaction does not change the id. */
  readonly id: number
  /** The row with the content. */
  readonly contentRowId: number
  /** The rows of the tool results, in the order of the calls; null for a call without one. */
  readonly resultRowIds: readonly (number | null)[]
}

interface OrderedRow {
  readonly position: number
  readonly id: number
  readonly row: HermesMessageOutlineRow
}

/** Returns the fingerprint of each row. Rows with equal fingerprints are copies of each other. */
export type LoadHermesMessageFingerprints = (ids: readonly number[]) => ReadonlyMap<number, string>

/** The messages of a session, from its visible rows ordered by rowid. Rows that compactions have copied count once. */
export function selectVisibleHermesMessages(
  rows: readonly HermesMessageOutlineRow[],
  loadFingerprints: LoadHermesMessageFingerprints,
): HermesMessageRowIds[] {
  const ordered = orderByDisplay(rows) ?? orderById(removeCopies(rows, loadFingerprints))
  return attachToolResults(ordered.filter(({ row }) => !row.isHidden && row.role !== 'session_meta'))
}

/** The messages that a model receives: the active rows, ordered by rowid, with the ids under which they are shown. */
export function selectHermesContextMessages(
  rows: readonly HermesMessageOutlineRow[],
  loadFingerprints: LoadHermesMessageFingerprints,
): HermesMessageRowIds[] {
  const originals = findOldestByDisplayOrder(rows) ?? findOriginals(rows, loadFingerprints)
  const contextRows = rows.filter(
    ({ isActive, role }) => isActive && (role === 'user' || role === 'assistant' || role === 'tool'),
  )
  return attachToolResults(contextRows.map((row) => ({ position: row.id, id: originals.get(row.id) ?? row.id, row })))
}

/** The role of a message, from that of its row. */
export function roleFromHermesRow(role: string | null): Role {
  if (role === 'user') return 'USER'
  return role === 'system' ? 'SYSTEM' : 'ASSISTANT'
}

/** Null if any row has no display order: Hermes is still filling it in, or never did. */
function orderByDisplay(rows: readonly HermesMessageOutlineRow[]): OrderedRow[] | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return [...groups]
    .flatMap(([order, group]) => {
      const row = group.findLast(({ isActive }) => isActive) ?? group.at(-1)
      return row && group[0] && order !== null ? { position: order, id: group[0].id, row } : []
    })
    .sort((a, b) => a.position - b.position)
}

/** By row, the oldest row with the same display order; null if any row has none. */
function findOldestByDisplayOrder(rows: readonly HermesMessageOutlineRow[]): Map<number, number> | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return new Map([...groups.values()].flatMap((group) => group.map(({ id }) => [id, group[0]?.id ?? id] as const)))
}

function orderById(rows: readonly HermesMessageOutlineRow[]): OrderedRow[] {
  return rows.map((row) => ({ position: row.id, id: row.id, row }))
}

/** Leaves out rows that are copies of an earlier, archived one. */
function removeCopies(
  rows: readonly HermesMessageOutlineRow[],
  loadFingerprints: LoadHermesMessageFingerprints,
): readonly HermesMessageOutlineRow[] {
  const originals = findOriginals(rows, loadFingerprints)
  return originals.size === 0 ? rows : rows.filter(({ id }) => !originals.has(id))
}

/** By row, the oldest archived row of which it is a copy. Rows that are no copies are left out. */
function findOriginals(
  rows: readonly HermesMessageOutlineRow[],
  loadFingerprints: LoadHermesMessageFingerprints,
): Map<number, number> {
  const candidates = [...Map.groupBy(rows, ({ timestamp }) => timestamp).values()]
    .filter((group) => group.length > 1 && group.some(({ isActive, timestamp }) => !isActive && timestamp !== null))
    .flat()
  if (candidates.length === 0) return new Map()
  const fingerprintById = loadFingerprints(candidates.map(({ id }) => id))
  const archived = new Map<string, number>()
  const originals = new Map<number, number>()
  for (const { id, isActive } of rows) {
    const fingerprint = fingerprintById.get(id)
    if (fingerprint === undefined) continue
    const originalId = archived.get(fingerprint)
    if (originalId !== undefined) originals.set(id, originalId)
    else if (!isActive) archived.set(fingerprint, id)
  }
  return originals
}

/** Attaches each tool result to the nearest preceding call with its id: call ids repeat within a session. */
function attachToolResults(ordered: readonly OrderedRow[]): HermesMessageRowIds[] {
  const pendingCalls = new Map<string, { results: (number | null)[]; index: number }[]>()
  return ordered.flatMap(({ position, id, row }) => {
    if (row.role === 'tool') {
      const call = row.toolCallId === null ? undefined : pendingCalls.get(row.toolCallId)?.shift()
      if (call) {
        call.results[call.index] = row.id
        return []
      }
    }
    const resultRowIds: (number | null)[] = row.callIds.map(() => null)
    for (const callId of new Set(row.callIds)) {
      if (callId === null) continue
      const indexes = row.callIds.flatMap((other, index) =>
        other === callId ? [{ results: resultRowIds, index }] : [],
      )
      pendingCalls.set(callId, indexes)
    }
    return { position, id, contentRowId: row.id, resultRowIds }
  })
}
