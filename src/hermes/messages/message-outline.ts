import type { Role } from '../../model/message.ts'

/** What the order and the folding of a session's messages are told by; the contents are read later. */
export interface OutlineRow {
  readonly id: number
  readonly role: string | null
  /** As stored: rows are compared by it, not ordered. */
  readonly timestamp: unknown
  readonly toolCallId: string | null
  /** The ids of its tool calls. */
  readonly callIds: readonly (string | null)[]
  /** False for a row that a compaction has archived. */
  readonly isActive: boolean
  readonly isHidden: boolean
  readonly displayOrder: number | null
}

/** One message that is shown. */
export interface MessageEntry {
  readonly position: number
  /** The row it is named after: the oldest that tells it, so that a compaction doesn't rename it. */
  readonly id: number
  /** The row that holds its content. */
  readonly contentRowId: number
  /** The rows of its tool calls' results, in the order of the calls; null where there is none. */
  readonly resultRowIds: readonly (number | null)[]
}

interface OrderedRow {
  readonly position: number
  readonly id: number
  readonly row: OutlineRow
}

/** Tells which of some rows say the same, by a text that is equal for those alone. */
export type LoadFingerprints = (ids: readonly number[]) => ReadonlyMap<number, string>

/** The messages of a session, from its visible rows by id: each once, however many compactions have copied it. */
export function visibleMessages(rows: readonly OutlineRow[], loadFingerprints: LoadFingerprints): MessageEntry[] {
  const ordered = orderByDisplay(rows) ?? orderById(removeCopies(rows, loadFingerprints))
  return attachToolResults(ordered.filter(({ row }) => !row.isHidden && row.role !== 'session_meta'))
}

/** The messages that a model is sent of a session: its live rows by id, each named as it is shown. */
export function contextMessages(rows: readonly OutlineRow[], loadFingerprints: LoadFingerprints): MessageEntry[] {
  const originals = findOldestByDisplayOrder(rows) ?? findOriginals(rows, loadFingerprints)
  const contextRows = rows.filter(
    ({ isActive: live, role }) => live && (role === 'user' || role === 'assistant' || role === 'tool'),
  )
  return attachToolResults(contextRows.map((row) => ({ position: row.id, id: originals.get(row.id) ?? row.id, row })))
}

/** The role that a row's is shown as. */
export function toRole(role: string | null): Role {
  if (role === 'user') return 'USER'
  return role === 'system' ? 'SYSTEM' : 'ASSISTANT'
}

/** Null when a row has no place in it: then it is still being made, or was never made at all. */
function orderByDisplay(rows: readonly OutlineRow[]): OrderedRow[] | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return [...groups]
    .flatMap(([order, group]) => {
      const row = group.findLast(({ isActive: live }) => live) ?? group.at(-1)
      return row && group[0] && order !== null ? { position: order, id: group[0].id, row } : []
    })
    .sort((a, b) => a.position - b.position)
}

/** By row the oldest one that has its place in the display; null when not all have one. */
function findOldestByDisplayOrder(rows: readonly OutlineRow[]): Map<number, number> | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return new Map([...groups.values()].flatMap((group) => group.map(({ id }) => [id, group[0]?.id ?? id] as const)))
}

function orderById(rows: readonly OutlineRow[]): OrderedRow[] {
  return rows.map((row) => ({ position: row.id, id: row.id, row }))
}

/** Leaves out the rows that say, for the same moment, what an earlier archived one does. */
function removeCopies(rows: readonly OutlineRow[], loadFingerprints: LoadFingerprints): readonly OutlineRow[] {
  const originals = findOriginals(rows, loadFingerprints)
  return originals.size === 0 ? rows : rows.filter(({ id }) => !originals.has(id))
}

/** By row the oldest archived one before it that says the same for the same moment; those without one are left out. */
function findOriginals(rows: readonly OutlineRow[], loadFingerprints: LoadFingerprints): Map<number, number> {
  const candidates = [...Map.groupBy(rows, ({ timestamp }) => timestamp).values()]
    .filter((group) => group.length > 1 && group.some(({ isActive: live, timestamp }) => !live && timestamp !== null))
    .flat()
  if (candidates.length === 0) return new Map()
  const fingerprintById = loadFingerprints(candidates.map(({ id }) => id))
  const archived = new Map<string, number>()
  const originals = new Map<number, number>()
  for (const { id, isActive: live } of rows) {
    const fingerprint = fingerprintById.get(id)
    if (fingerprint === undefined) continue
    const originalId = archived.get(fingerprint)
    if (originalId !== undefined) originals.set(id, originalId)
    else if (!live) archived.set(fingerprint, id)
  }
  return originals
}

/** Takes each row of a tool's result into the nearest call with its id before it: ids repeat within a session. */
function attachToolResults(ordered: readonly OrderedRow[]): MessageEntry[] {
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
