import { ProfileIdNamespace } from '../../../../profiles/profile-id-namespace.ts'
import type { PositionRange } from '../../../position-range.ts'
import type { TurnMessage, TurnMessagesQuery } from '../../../sessions/turn-message.ts'
import type { PostgresConnection, PostgresStatement } from '../../database/postgres-statement.ts'

interface TurnMessageRow {
  /** From 1. */
  readonly wanted: number
  readonly id: string
  readonly created_at: number
  readonly copy_of: string | null
}

const wantedTurnsSql = 'unnest($2::text[], $3::text[]) WITH ORDINALITY AS query (turn_id, role, wanted)'

const selectTurns = {
  name: 'select-turn-messages',
  text: `SELECT wanted, message.id, message.created_at, message.copy_of FROM ${wantedTurnsSql}
    CROSS JOIN LATERAL (SELECT id, created_at, copy_of FROM messages
      WHERE profile = $1 AND turn_id = query.turn_id AND role = query.role AND (copy_of IS NULL OR stands_in = 1)
        AND position IS NOT NULL AND withdrawn = 0
      ORDER BY created_at DESC, id DESC LIMIT 101) AS message`,
}

// The ids of a Hermes session's messages begin with its own id and a colon. A semicolon is the next character.
const selectOldestCopies = {
  name: 'select-oldest-copies-of-hermes-turns',
  text: `SELECT wanted, message.id, message.created_at, message.copy_of FROM ${wantedTurnsSql}
    CROSS JOIN LATERAL (SELECT copy.id, copy.created_at, copy.copy_of FROM messages AS copy
      JOIN sessions ON sessions.profile = copy.profile AND sessions.id = copy.session_id
      WHERE copy.profile = $1 AND copy.copy_of > rtrim(query.turn_id, '0123456789')
        AND copy.copy_of < rtrim(rtrim(query.turn_id, '0123456789'), ':') || ';'
        AND copy.turn_id = query.turn_id AND copy.role = query.role
      ORDER BY sessions.started_at, copy.id LIMIT 1) AS message`,
}

const selectRetried = {
  name: 'select-retried-hermes-turns',
  text: `SELECT DISTINCT turn_id FROM messages
    WHERE profile = $1 AND turn_id > $2 AND turn_id < $3 AND (copy_of IS NULL OR stands_in = 1) LIMIT 10000`,
}

const selectInherited = {
  name: 'select-inherited-positions',
  text: `SELECT min(copy.position) AS first, max(copy.position) AS last FROM messages AS copy
    WHERE copy.profile = $1 AND copy.session_id = $2 AND copy.copy_of IS NOT NULL AND (
      EXISTS (SELECT 1 FROM messages AS original WHERE original.profile = $1 AND original.id = copy.copy_of
        AND original.session_id = ANY($3::text[]))
      OR EXISTS (SELECT 1 FROM messages AS other WHERE other.profile = $1 AND other.copy_of = copy.copy_of
        AND other.session_id = ANY($3::text[]))
      OR substr(copy.copy_of, 1, greatest(length(rtrim(copy.copy_of, '0123456789')) - 1, 0)) = ANY($3::text[]))`,
}

/** The newest 101 messages of each query, in no order. Those that are queued or withdrawn are left out. */
export function findTurnMessages(
  db: PostgresConnection,
  queries: readonly TurnMessagesQuery[],
): Promise<TurnMessage[]> {
  return selectTurnMessages(db, queries, selectTurns)
}

/** The oldest copy of the message of each query, whose turns are of Hermes. */
export function findOldestCopiesOfHermesTurns(
  db: PostgresConnection,
  queries: readonly TurnMessagesQuery[],
): Promise<TurnMessage[]> {
  return selectTurnMessages(db, queries, selectOldestCopies)
}

async function selectTurnMessages(
  db: PostgresConnection,
  queries: readonly TurnMessagesQuery[],
  statement: PostgresStatement,
): Promise<TurnMessage[]> {
  const namespace = new ProfileIdNamespace(db.profile)
  const turnIds = queries.map(({ turnId }) => namespace.unqualify(turnId) ?? turnId)
  const rows = await db.query<TurnMessageRow>(statement, [turnIds, queries.map(({ role }) => role)])
  return rows.flatMap(({ wanted, id, created_at: createdAt, copy_of: copyOf }) => {
    const query = queries[wanted - 1]
    const original = copyOf === null ? {} : { copyOf: namespace.qualify(copyOf) }
    return query ? [{ ...query, id, createdAt, ...original }] : []
  })
}

/** The turns of a Hermes session that were tried again, by the ids of their user's messages. At most 10,000. */
export async function listRetriedHermesTurnIds(db: PostgresConnection, sessionId: string): Promise<string[]> {
  const namespace = new ProfileIdNamespace(db.profile)
  const hermesId = namespace.unqualify(sessionId)
  if (hermesId === null) return []
  const rows = await db.query<{ turn_id: string }>(selectRetried, [`${hermesId}:`, `${hermesId};`])
  return rows.map((row) => namespace.qualify(row.turn_id))
}

/** Where a session has copies of something in these sessions. Null if it has none. */
export async function findInheritedPositions(
  db: PostgresConnection,
  sessionId: string,
  earlierSessionIds: readonly string[],
): Promise<PositionRange | null> {
  const earlierIds = new ProfileIdNamespace(db.profile).unqualifyAll(earlierSessionIds)
  const [row] = await db.query<{ first: number | null; last: number | null }>(selectInherited, [sessionId, earlierIds])
  const { first, last } = row ?? { first: null, last: null }
  return first === null || last === null ? null : { first, last }
}
