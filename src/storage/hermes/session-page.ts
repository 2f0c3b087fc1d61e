import type { SessionRecord } from '../records.ts'
import { newestFirst, passes } from '../session-order.ts'
import type { PageRequest, SessionFilter, SessionKey } from '../session-source.ts'
import type { ActivityIndex } from './activity-index.ts'

type Load = (ids: readonly string[]) => SessionRecord[]

const chunk = 500 // ids a statement
const restarts = 20 // a file under heavy writing must not keep a page for ever

/** A page of all sessions that pass the filter, by the index, with every row looked at. */
export function pageOfSessions(
  index: ActivityIndex,
  load: Load,
  page: PageRequest<SessionKey>,
  filter: SessionFilter,
): SessionRecord[] {
  for (let left = restarts; ; left--) {
    const rows = walk(index, load, page, filter, left > 0)
    if (rows) return rows.sort(newestFirst)
  }
}

/** Null when the index was wrong about a row on the way, and has been corrected: the row may belong elsewhere. */
function walk(
  index: ActivityIndex,
  load: Load,
  { after, before, limit, backwards }: PageRequest<SessionKey>,
  filter: SessionFilter,
  correct: boolean,
): SessionRecord[] | null {
  const found: SessionRecord[] = []
  let [newer, older] = [after, before]
  let size = Math.min(limit, chunk)
  while (found.length < limit) {
    const keys = index.between(newer, older, backwards, size)
    const last = keys.at(-1)
    if (!last) return found
    const rows = new Map(load(keys.map(({ id }) => id)).map((row) => [row.id, row]))
    let wrong = false
    for (const { id, lastActivityAt } of keys) {
      const row = rows.get(id)
      if (!row) index.remove(id)
      else if (correct && row.lastActivityAt !== lastActivityAt) {
        index.put(id, row.lastActivityAt)
        wrong = true
      } else if (found.length < limit && passes(row, filter)) found.push(row)
    }
    if (wrong) return null
    if (backwards) older = last
    else newer = last
    // A rare channel lies far apart: ever larger steps find it.
    size = Math.min(size * 2, chunk)
  }
  return found
}
