import {
  type HermesContentSection,
  type HermesMessageOutlineRow,
  type HermesMessageRowIds,
  isHermesSummaryRow,
} from './message-outline-row.ts'

/** A row at its place in a list of messages. */
export interface OrderedHermesRow {
  readonly position: number
  readonly id: number
  readonly row: HermesMessageOutlineRow
  readonly section: HermesContentSection
}

interface PendingToolCall {
  readonly results: (number | null)[]
  readonly index: number
}

/** Attaches each tool result to the nearest preceding call with its id: call ids repeat within a session. */
export function attachHermesToolResults(ordered: readonly OrderedHermesRow[]): HermesMessageRowIds[] {
  const pendingCalls = new Map<string, PendingToolCall[]>()
  return ordered.flatMap(({ position, id, row, section }) => {
    if (row.role === 'tool') {
      const pending = row.toolCallId === null ? undefined : pendingCalls.get(row.toolCallId)
      const call = pending?.find(({ results, index }) => results[index] === null)
      if (call) {
        call.results[call.index] = row.id
        return []
      }
    }
    // The calls of a merged summary are those of the message in it.
    const callIds = section === 'summary' ? [] : row.callIds
    const resultRowIds: (number | null)[] = callIds.map(() => null)
    for (const callId of new Set(callIds.flat())) {
      const indexes = callIds.flatMap((ids, index) => (ids.includes(callId) ? [index] : []))
      pendingCalls.set(
        callId,
        indexes.map((index) => ({ results: resultRowIds, index })),
      )
    }
    const isSummary = isHermesSummaryRow(row) && section !== 'ownText'
    return { position, id, contentRowId: row.id, section, isSummary, resultRowIds }
  })
}
