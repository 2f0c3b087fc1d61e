// The work of the benchmarks without GraphQL: a page of rows from SQLite, as objects in the shape of the response.
import Database from 'better-sqlite3'

const sessionColumns = 'id, title, source, model, started_at, last_activity_at, message_count, pinned, archived'

/** Opens the flat copy of a home, which `bench/http/home.ts` has made. */
export function openFlatDatabase(path) {
  const db = new Database(path, { readonly: true })
  const listSessions = db.prepare(
    `SELECT ${sessionColumns} FROM sessions ORDER BY last_activity_at DESC, id DESC LIMIT ?`,
  )
  const listLinks = db.prepare(
    'SELECT id, title, parent_id FROM sessions ORDER BY last_activity_at DESC, id DESC LIMIT ?',
  )
  const findLinks = db.prepare('SELECT id, title, parent_id FROM sessions WHERE id IN (SELECT value FROM json_each(?))')
  const listConversations = db.prepare('SELECT * FROM conversations ORDER BY last_activity_at DESC, id DESC LIMIT ?')
  return {
    listSessions: (first) => listSessions.all(first).map(toSession),
    listLinks: (first) => listLinks.all(first),
    /** The root and the length of the chain of each row. One statement a level reads what is missing for all of them. */
    findLineages(rows) {
      const known = new Map(rows.map((row) => [row.id, row]))
      for (let level = rows; level.length > 0;) {
        const missing = [...new Set(level.map((row) => row.parent_id))].filter((id) => id !== null && !known.has(id))
        level = missing.length > 0 ? findLinks.all(JSON.stringify(missing)) : []
        for (const row of level) known.set(row.id, row)
      }
      return rows.map((row) => {
        let root = row
        let segmentCount = 1
        for (let parent = known.get(root.parent_id); parent; parent = known.get(root.parent_id)) {
          root = parent
          segmentCount += 1
        }
        return { lineageRoot: { id: root.id }, segmentCount }
      })
    },
    listConversations: (first) => listConversations.all(first).map(toConversation),
  }
}

const toDateTime = (milliseconds) => new Date(milliseconds).toISOString()

function toSession(row) {
  return {
    id: row.id,
    title: row.title,
    source: row.source,
    origin: 'SEGUE',
    model: row.model,
    startedAt: toDateTime(row.started_at),
    lastActivityAt: toDateTime(row.last_activity_at),
    messageCount: row.message_count,
    pinned: row.pinned === 1,
    archived: row.archived === 1,
  }
}

function toConversation(row) {
  return {
    id: `cnv_${row.id}`,
    title: row.title,
    lastActivityAt: toDateTime(row.last_activity_at),
    segmentCount: row.segment_count,
    pinned: row.pinned === 1,
    archived: row.archived === 1,
    tip: {
      id: row.tip_id,
      title: row.tip_title,
      source: row.tip_source,
      messageCount: row.tip_message_count,
      lastActivityAt: toDateTime(row.tip_last_activity_at),
    },
  }
}
