import type { SessionRecord } from '../../../../model/session.ts'
import type { SharedHermesSession, SharedHermesUsagePage } from '../../../installation/hermes-index.ts'
import type { ConversationIndexEntry } from '../../../sessions/cross-origin-continuation-feed.ts'
import type { ForeignUsageQuery } from '../../../usage/usage-sum-store.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresStatement,
  type PostgresTransaction,
  setAllColumns,
} from '../../database/postgres-statement.ts'

interface HermesSessionRow {
  readonly id: string
  readonly record: string
  readonly entry: string
  readonly message_count: number
  readonly used_at: number | null
  readonly answers: number
}

const columns: PostgresColumns<HermesSessionRow> = {
  id: 'text',
  record: 'text',
  entry: 'text',
  message_count: 'bigint',
  used_at: 'bigint',
  answers: 'bigint',
}

const upsert = defineInsert(
  'upsert-hermes-sessions',
  'hermes_sessions AS stored',
  columns,
  `ON CONFLICT (profile, id) DO UPDATE ${setAllColumns(columns, ['id'])}
    WHERE (stored.record, stored.entry, stored.message_count, stored.used_at, stored.answers)
      IS DISTINCT FROM (excluded.record, excluded.entry, excluded.message_count, excluded.used_at, excluded.answers)`,
)

const deleteByIds: PostgresStatement = {
  name: 'delete-hermes-sessions',
  text: 'DELETE FROM hermes_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const deleteOthers: PostgresStatement = {
  name: 'delete-other-hermes-sessions',
  text: `DELETE FROM hermes_sessions
    WHERE profile = $1 AND id > $2 AND ($3::text IS NULL OR id <= $3) AND NOT id = ANY($4::text[])`,
}

const selectRecords: PostgresStatement = {
  name: 'select-hermes-sessions',
  text: 'SELECT record FROM hermes_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectEntries: PostgresStatement = {
  name: 'select-hermes-sessions-to-index',
  text: 'SELECT entry FROM hermes_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectCounts: PostgresStatement = {
  name: 'select-hermes-message-counts',
  text: 'SELECT id, message_count AS count FROM hermes_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectUsage: PostgresStatement = {
  name: 'select-hermes-session-usage',
  text: `SELECT id, record, used_at AS at, answers FROM hermes_sessions
    WHERE profile = $1 AND used_at >= $2 AND used_at < $3 AND id > $4 ORDER BY id LIMIT $5`,
}

const usedSessionsPerPage = 2_000

/** Those of these sessions of Hermes that are stored, in no order. */
export async function findHermesSessions(
  db: Pick<PostgresConnection, 'query'>,
  ids: readonly string[],
): Promise<SessionRecord[]> {
  const rows = await db.query<Pick<HermesSessionRow, 'record'>>(selectRecords, [ids])
  return rows.map(({ record }): SessionRecord => JSON.parse(record))
}

/** What the conversation index stores of them. */
export async function loadHermesSessionsToIndex(
  tx: PostgresTransaction,
  ids: readonly string[],
): Promise<ConversationIndexEntry[]> {
  const rows = await tx.query<Pick<HermesSessionRow, 'entry'>>(selectEntries, [ids])
  return rows.map(({ entry }): ConversationIndexEntry => JSON.parse(entry))
}

export async function countHermesMessages(
  db: Pick<PostgresConnection, 'query'>,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db.query<{ id: string; count: number }>(selectCounts, [ids])
  return new Map(rows.map(({ id, count }) => [id, count]))
}

export async function listHermesSessionUsage(
  db: Pick<PostgresConnection, 'query'>,
  { from, to, after }: ForeignUsageQuery,
): Promise<SharedHermesUsagePage> {
  const rows = await db.query<Pick<HermesSessionRow, 'id' | 'record' | 'answers'> & { at: number }>(selectUsage, [
    ...[from, to, after ?? ''],
    usedSessionsPerPage,
  ])
  const sessions = rows.map(({ record, at, answers }) => {
    const session: SessionRecord = JSON.parse(record)
    return { session, at, answers }
  })
  return { sessions, next: rows.length < usedSessionsPerPage ? null : (rows.at(-1)?.id ?? null) }
}

/** Resolves to whether anything is different now. */
export async function storeHermesSessions(
  tx: PostgresTransaction,
  sessions: readonly SharedHermesSession[],
): Promise<boolean> {
  const rows = sessions.map(({ record, entry, messageCount, usedAt, answers }) => ({
    id: record.id,
    record: JSON.stringify(record),
    entry: JSON.stringify(entry),
    message_count: messageCount,
    used_at: usedAt,
    answers,
  }))
  return (await insertRows(tx, upsert, rows)) > 0
}

export async function deleteHermesSessions(tx: PostgresTransaction, ids: readonly string[]): Promise<boolean> {
  return ids.length > 0 && (await tx.execute(deleteByIds, [ids])) > 0
}

/** Deletes those whose ids are greater than `after`, up to and with `last` if there is one, and that are not among `ids`. */
export async function deleteOtherHermesSessions(
  tx: PostgresTransaction,
  { after, last }: { readonly after: string; readonly last: string | null },
  ids: readonly string[],
): Promise<boolean> {
  return (await tx.execute(deleteOthers, [after, last, ids])) > 0
}
