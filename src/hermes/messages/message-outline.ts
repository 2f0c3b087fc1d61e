import type { Role } from '../../model/records.ts'

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
  readonly live: boolean
  readonly hidden: boolean
  readonly displayOrder: number | null
}

/** One message that is shown. */
export interface Entry {
  readonly position: number
  /** The row it is named after: the oldest that tells it, so that a compaction doesn't rename it. */
  readonly id: number
  /** The row that holds its content. */
  readonly row: number
  /** The rows of its tool calls' results, in the order of the calls; null where there is none. */
  readonly results: readonly (number | null)[]
}

interface Told {
  readonly position: number
  readonly id: number
  readonly row: OutlineRow
}

/** Tells which of some rows say the same, by a text that is equal for those alone. */
export type Fingerprints = (ids: readonly number[]) => ReadonlyMap<number, string>

/** The messages of a session, from its visible rows by id: each once, however many compactions have copied it. */
export function shownMessages(rows: readonly OutlineRow[], fingerprints: Fingerprints): Entry[] {
  const told = byDisplayOrder(rows) ?? byId(withoutCopies(rows, fingerprints))
  return fold(told.filter(({ row }) => !row.hidden && row.role !== 'session_meta'))
}

/** The messages that a model is sent of a session: its live rows by id, each named as it is shown. */
export function contextMessages(rows: readonly OutlineRow[], fingerprints: Fingerprints): Entry[] {
  const oldest = oldestInPlace(rows) ?? oldestAlike(rows, fingerprints)
  const sent = rows.filter(({ live, role }) => live && (role === 'user' || role === 'assistant' || role === 'tool'))
  return fold(sent.map((row) => ({ position: row.id, id: oldest.get(row.id) ?? row.id, row })))
}

/** The role that a row's is shown as. */
export function roleOf(role: string | null): Role {
  if (role === 'user') return 'USER'
  return role === 'system' ? 'SYSTEM' : 'ASSISTANT'
}

/** Null when a row has no place in it: then it is still being made, or was never made at all. */
function byDisplayOrder(rows: readonly OutlineRow[]): Told[] | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return [...groups]
    .flatMap(([order, group]) => {
      const row = group.findLast(({ live }) => live) ?? group.at(-1)
      return row && group[0] && order !== null ? { position: order, id: group[0].id, row } : []
    })
    .sort((a, b) => a.position - b.position)
}

/** By row the oldest one that has its place in the display; null when not all have one. */
function oldestInPlace(rows: readonly OutlineRow[]): Map<number, number> | null {
  const groups = Map.groupBy(rows, (row) => row.displayOrder)
  if (groups.has(null)) return null
  return new Map([...groups.values()].flatMap((group) => group.map(({ id }) => [id, group[0]?.id ?? id] as const)))
}

function byId(rows: readonly OutlineRow[]): Told[] {
  return rows.map((row) => ({ position: row.id, id: row.id, row }))
}

/** Leaves out the rows that say, for the same moment, what an earlier archived one does. */
function withoutCopies(rows: readonly OutlineRow[], fingerprints: Fingerprints): readonly OutlineRow[] {
  const oldest = oldestAlike(rows, fingerprints)
  return oldest.size === 0 ? rows : rows.filter(({ id }) => !oldest.has(id))
}

/** By row the oldest archived one before it that says the same for the same moment; those without one are left out. */
function oldestAlike(rows: readonly OutlineRow[], fingerprints: Fingerprints): Map<number, number> {
  const suspects = [...Map.groupBy(rows, ({ timestamp }) => timestamp).values()]
    .filter((group) => group.length > 1 && group.some(({ live, timestamp }) => !live && timestamp !== null))
    .flat()
  if (suspects.length === 0) return new Map()
  const told = fingerprints(suspects.map(({ id }) => id))
  const archived = new Map<string, number>()
  const copies = new Map<number, number>()
  for (const { id, live } of rows) {
    const print = told.get(id)
    if (print === undefined) continue
    const first = archived.get(print)
    if (first !== undefined) copies.set(id, first)
    else if (!live) archived.set(print, id)
  }
  return copies
}

/** Takes each row of a tool's result into the nearest call with its id before it: ids repeat within a session. */
function fold(told: readonly Told[]): Entry[] {
  const waiting = new Map<string, { results: (number | null)[]; index: number }[]>()
  return told.flatMap(({ position, id, row }) => {
    if (row.role === 'tool') {
      const call = row.toolCallId === null ? undefined : waiting.get(row.toolCallId)?.shift()
      if (call) {
        call.results[call.index] = row.id
        return []
      }
    }
    const results: (number | null)[] = row.callIds.map(() => null)
    for (const callId of new Set(row.callIds)) {
      if (callId === null) continue
      const indexes = row.callIds.flatMap((other, index) => (other === callId ? [{ results, index }] : []))
      waiting.set(callId, indexes)
    }
    return { position, id, row: row.id, results }
  })
}
