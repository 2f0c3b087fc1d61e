import type { HermesMessageRowIds } from '../messages/message-outline-row.ts'
import { selectHermesContextMessages } from '../messages/select-hermes-messages.ts'
import { createHermesRowComparisonLoader, readHermesMessageOutlines } from '../messages/read-hermes-message-outlines.ts'
import { traceHermesCompactions } from '../messages/trace-compactions.ts'
import type { VisibleHermesMessageCache } from '../messages/visible-hermes-message-cache.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'

/** By rowid, the id of the message of a session that shows the row: as itself, for its copy, or as the result of its call. */
export function mapRowsToShownMessages(
  file: StateDatabaseConnection,
  sessionId: string,
  visibleMessages: VisibleHermesMessageCache,
): Map<number, string> {
  const outline = readHermesMessageOutlines(file, [sessionId]).get(sessionId) ?? []
  const loader = createHermesRowComparisonLoader(file)
  const visible = visibleMessages.get(file, [sessionId]).get(sessionId) ?? []
  const visibleIds = new Set(visible.map(({ id }) => id))
  const shown = new Map<number, string>()
  const addRows = ({ id, contentRowId, resultRowIds }: HermesMessageRowIds): void => {
    if (!visibleIds.has(id)) return
    for (const rowid of [id, contentRowId, ...resultRowIds]) if (rowid !== null) shown.set(rowid, `${sessionId}:${id}`)
  }
  for (const entry of [...visible, ...selectHermesContextMessages(outline, loader)]) addRows(entry)
  const { originalIds, summaryIds } = traceHermesCompactions(outline, loader)
  for (const { id } of outline) {
    const originalId = summaryIds.get(id) ?? originalIds.get(id)
    const message = originalId === undefined ? undefined : shown.get(originalId)
    if (message !== undefined && !shown.has(id)) shown.set(id, message)
  }
  return shown
}
