import {
  defineInsert,
  insertRows,
  type PostgresConnection,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'

/** A session refers to a blob. */
export interface BlobReferenceRow {
  readonly hash: string
  readonly session_id: string
}

const insert = defineInsert<BlobReferenceRow>(
  'insert-blob-references',
  'blob_references',
  { hash: 'text', session_id: 'text' },
  'ON CONFLICT DO NOTHING',
)

const deleteUnused = {
  name: 'delete-unused-blob-references',
  text: `DELETE FROM blob_references AS reference
    WHERE profile = $1 AND session_id = $2 AND hash = ANY($3::text[])
      AND NOT EXISTS (SELECT 1 FROM messages
        WHERE messages.profile = $1 AND messages.session_id = $2 AND strpos(parts, reference.hash) > 0)
      AND NOT EXISTS (SELECT 1 FROM events
        WHERE events.profile = $1 AND events.session_id = $2
          AND type IN ('FilePartAdded', 'ToolCallChanged') AND strpos(body, reference.hash) > 0)`,
}

const selectHashes = {
  name: 'select-blob-hashes-of-sessions',
  text: 'SELECT DISTINCT hash FROM blob_references WHERE profile = $1 AND session_id = ANY($2::text[]) ORDER BY hash',
}

const selectUnreferenced = {
  name: 'select-unreferenced-blobs',
  text: `SELECT wanted.hash FROM unnest($2::text[]) AS wanted (hash)
    WHERE NOT EXISTS (SELECT 1 FROM blob_references AS reference
        WHERE reference.profile = $1 AND reference.hash = wanted.hash)
      AND NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.profile = $1 AND uploads.hash = wanted.hash)`,
}

/** Records that sessions refer to blobs. */
export async function insertBlobReferences(
  tx: PostgresTransaction,
  references: readonly BlobReferenceRow[],
): Promise<void> {
  await insertRows(tx, insert, references)
}

/** Records that a session does not refer to these blobs any more, unless one of its messages or events does. */
export async function deleteUnusedBlobReferences(
  tx: PostgresTransaction,
  sessionId: string,
  hashes: readonly string[],
): Promise<void> {
  if (hashes.length > 0) await tx.execute(deleteUnused, [sessionId, hashes])
}

/** Hashes of the blobs that these sessions refer to, in order. */
export async function listBlobHashesOfSessions(
  db: PostgresConnection,
  sessionIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ hash: string }>(selectHashes, [sessionIds])
  return rows.map(({ hash }) => hash)
}

/** Those of these blobs that no session and no upload refers to. */
export async function findUnreferencedBlobs(db: PostgresConnection, hashes: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ hash: string }>(selectUnreferenced, [hashes])
  return rows.map(({ hash }) => hash)
}
