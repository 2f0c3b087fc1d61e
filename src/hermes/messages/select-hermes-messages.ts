import { attachHermesToolResults, type OrderedHermesRow } from './attach-tool-results.ts'
import {
  type HermesMessageOutlineRow,
  type HermesMessageRowIds,
  type HermesRowComparisonLoader,
  isHermesMessageRow,
} from './message-outline-row.ts'
import { traceHermesCompactions } from './trace-compactions.ts'

/** The messages of a session, from all its rows ordered by rowid. Rows that compactions have copied count once. */
export function selectVisibleHermesMessages(
  rows: readonly HermesMessageOutlineRow[],
  loader: HermesRowComparisonLoader,
): HermesMessageRowIds[] {
  const ordered = orderByDisplay(rows)
  if (ordered) return attachHermesToolResults(ordered.filter(({ row }) => isHermesMessageRow(row)))
  const { shown } = traceHermesCompactions(rows, loader)
  return attachHermesToolResults(shown.map(({ row, section }) => ({ position: row.id, id: row.id, row, section })))
}

/** The messages that a model receives: the active rows, ordered by rowid, with the ids under which they are shown. */
export function selectHermesContextMessages(
  rows: readonly HermesMessageOutlineRow[],
  loader: HermesRowComparisonLoader,
): HermesMessageRowIds[] {
  const contextRows = rows.filter(
    ({ state, role, textKind }) =>
      state === 'active' && textKind !== 'synthetic' && (role === 'user' || role === 'assistant' || role === 'tool'),
  )
  const oldestIds = findOldestByDisplayOrder(rows)
  if (oldestIds) {
    return attachHermesToolResults(
      contextRows.map((row) => ({ position: row.id, id: oldestIds.get(row.id) ?? row.id, row, section: 'whole' })),
    )
  }
  const { originalIds, summaryIds } = traceHermesCompactions(rows, loader)
  const ordered = contextRows.flatMap((row): OrderedHermesRow[] => {
    const [originalId, summaryId] = [originalIds.get(row.id), summaryIds.get(row.id)]
    const base = { position: row.id, row }
    // The summary stands for what was before the message that it was merged into.
    return summaryId !== undefined && originalId !== undefined && row.textKind === 'mergedSummary'
      ? [
          { ...base, id: summaryId, section: 'summary' },
          { ...base, id: originalId, section: 'ownText' },
        ]
      : [{ ...base, id: summaryId ?? originalId ?? row.id, section: 'whole' }]
  })
  // What was written twice is sent once.
  const firstById = new Map(ordered.toReversed().map((message) => [message.id, message]))
  return attachHermesToolResults(ordered.filter((message) => firstById.get(message.id) === message))
}

/** The rows that newer versions of Hermes order themselves; null if any lacks an order: it is being filled in, or never was. */
function groupByDisplayOrder(rows: readonly HermesMessageOutlineRow[]): [number, HermesMessageOutlineRow[]][] | null {
  const groups = Map.groupBy(
    rows.filter(({ state }) => state !== 'undone'),
    ({ displayOrder }) => displayOrder,
  )
  if (groups.has(null)) return null
  return [...groups].flatMap(([order, group]) => (order === null ? [] : [[order, group]]))
}

function orderByDisplay(rows: readonly HermesMessageOutlineRow[]): OrderedHermesRow[] | null {
  const groups = groupByDisplayOrder(rows)
  if (!groups) return null
  return groups
    .flatMap(([order, group]): OrderedHermesRow[] => {
      const row = group.findLast(({ state }) => state === 'active') ?? group.at(-1)
      return row && group[0] ? [{ position: order, id: group[0].id, row, section: 'whole' }] : []
    })
    .sort((a, b) => a.position - b.position)
}

/** By row, the oldest row with the same display order; null if any row has none. */
function findOldestByDisplayOrder(rows: readonly HermesMessageOutlineRow[]): Map<number, number> | null {
  const groups = groupByDisplayOrder(rows)
  return groups && new Map(groups.flatMap(([, group]) => group.map(({ id }) => [id, group[0]?.id ?? id] as const)))
}
