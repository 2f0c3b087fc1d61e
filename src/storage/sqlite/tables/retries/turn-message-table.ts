import { ProfileIdNamespace } from '../../../../profiles/profile-id-namespace.ts'
import type { PositionRange } from '../../../position-range.ts'
import type { TurnMessage, TurnMessagesQuery } from '../../../sessions/turn-message.ts'
import type { SqlConnection } from '../../database/statement-cache.ts'
import { isOfExistingSessionSql } from '../deletion-queue-condition.ts'

interface TurnMessageRow {
  readonly wanted: number
  readonly id: string
  readonly created_at: number
  readonly copy_of: string | null
}

type ProfileConnection = SqlConnection & { readonly profile: string }

/** Instead of a message of a deleted session that stays for now: the copy that is going to stand in for it, if there is one. */
const shownRowidSql = `CASE WHEN ${isOfExistingSessionSql('messages')} THEN rowid ELSE (
  SELECT copy.rowid FROM messages AS copy JOIN sessions ON sessions.id = copy.session_id
  WHERE copy.copy_of = coalesce(messages.copy_of, messages.id) ORDER BY sessions.started_at, copy.id LIMIT 1) END`

/** The newest 101 messages of each query, in no order. Those that are queued or withdrawn are left out. */
export function findTurnMessages(db: ProfileConnection, queries: readonly TurnMessagesQuery[]): TurnMessage[] {
  return selectTurnMessages(
    db,
    queries,
    `SELECT query.key AS wanted, message.id, message.created_at, message.copy_of
     FROM json_each(?) AS query CROSS JOIN messages AS message ON message.rowid IN (
       SELECT ${shownRowidSql} FROM messages
       WHERE turn_id = query.value ->> 0 AND role = query.value ->> 1 AND (copy_of IS NULL OR stands_in = 1)
         AND position IS NOT NULL AND withdrawn = 0
       ORDER BY created_at DESC, id DESC LIMIT 101)`,
  )
}

/** The oldest copy of the message of each query, whose turns are of Hermes. */
export function findOldestCopiesOfHermesTurns(
  db: ProfileConnection,
  queries: readonly TurnMessagesQuery[],
): TurnMessage[] {
  // The ids of a session's messages begin with its own id and a colon. A semicolon is the next character.
  return selectTurnMessages(
    db,
    queries,
    `SELECT query.key AS wanted, message.id, message.created_at, message.copy_of
     FROM json_each(?) AS query CROSS JOIN messages AS message ON message.rowid = (
       SELECT copy.rowid FROM messages AS copy JOIN sessions ON sessions.id = copy.session_id
       WHERE copy.copy_of > rtrim(query.value ->> 0, '0123456789')
         AND copy.copy_of < rtrim(rtrim(query.value ->> 0, '0123456789'), ':') || ';'
         AND copy.turn_id = query.value ->> 0 AND copy.role = query.value ->> 1
       ORDER BY sessions.started_at, copy.id LIMIT 1)`,
  )
}

/** `sql` selects `TurnMessageRow`s, and reads queries from a JSON array of turns and roles. */
function selectTurnMessages(db: ProfileConnection, queries: readonly TurnMessagesQuery[], sql: string): TurnMessage[] {
  const namespace = new ProfileIdNamespace(db.profile)
  const wanted = queries.map(({ turnId, role }) => [namespace.unqualify(turnId) ?? turnId, role])
  return db
    .prepare<[string], TurnMessageRow>(sql)
    .all(JSON.stringify(wanted))
    .flatMap(({ wanted: index, id, created_at: createdAt, copy_of: copyOf }) => {
      const query = queries[index]
      const original = copyOf === null ? {} : { copyOf: namespace.qualify(copyOf) }
      return query ? [{ ...query, id, createdAt, ...original }] : []
    })
}

/** The turns of a Hermes session that were tried again, by the ids of their user's messages. At most 10,000. */
export function listRetriedHermesTurnIds(db: ProfileConnection, sessionId: string): string[] {
  const namespace = new ProfileIdNamespace(db.profile)
  const hermesId = namespace.unqualify(sessionId)
  if (hermesId === null) return []
  // The ids of its messages begin with its own id and a colon. A semicolon is the next character.
  return db
    .prepare<[string, string], { turnId: string }>(
      `SELECT DISTINCT turn_id AS turnId FROM messages
       WHERE turn_id > ? AND turn_id < ? AND (copy_of IS NULL OR stands_in = 1)
         AND ${isOfExistingSessionSql('messages')} LIMIT 10000`,
    )
    .all(`${hermesId}:`, `${hermesId};`)
    .map(({ turnId }) => namespace.qualify(turnId))
}

/** Where a session has copies of something in these sessions. Null if it has none. */
export function findInheritedPositions(
  db: ProfileConnection,
  sessionId: string,
  earlierSessionIds: readonly string[],
): PositionRange | null {
  const namespace = new ProfileIdNamespace(db.profile)
  const earlierIds = JSON.stringify(namespace.unqualifyAll(earlierSessionIds))
  const row = db
    .prepare<[string, string], { first: number | null; last: number | null }>(
      `WITH earlier AS MATERIALIZED (SELECT value AS id FROM json_each(?))
       SELECT min(copy.position) AS first, max(copy.position) AS last FROM messages AS copy
       WHERE copy.session_id = ? AND copy.copy_of IS NOT NULL AND (
         EXISTS (SELECT 1 FROM messages AS original
           WHERE original.id = copy.copy_of AND original.session_id IN (SELECT id FROM earlier))
         OR EXISTS (SELECT 1 FROM messages AS other
           WHERE other.copy_of = copy.copy_of AND other.session_id IN (SELECT id FROM earlier))
         OR substr(copy.copy_of, 1, length(rtrim(copy.copy_of, '0123456789')) - 1) IN (SELECT id FROM earlier))`,
    )
    .get(earlierIds, sessionId)
  const { first, last } = row ?? { first: null, last: null }
  return first === null || last === null ? null : { first, last }
}
