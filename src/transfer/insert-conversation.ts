import Database from 'better-sqlite3'
import type { SqliteDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { indexMessages } from '../storage/sqlite/search/bulk-index.ts'
import {
  insertEvent,
  insertSession,
  setStreamIdempotencyKey,
  insertBlobReference,
  upsertMessage,
  upsertStream,
} from '../storage/sqlite/rows/row-writers.ts'
import { upsertDecision, insertGrant } from '../storage/sqlite/sqlite-decision-store.ts'
import { readDocument } from './document-reader.ts'
import type { DocumentRecord, SectionName, SectionRecord } from './document-schema.ts'
import { TransferError } from './transfer-error.ts'

const importedSections: readonly SectionName[] = ['sessions', 'streams', 'messages', 'events', 'decisions', 'grants']
const tableBySection: Partial<Record<SectionName, string>> = {
  sessions: 'sessions',
  streams: 'streams',
  messages: 'messages',
  decisions: 'decisions',
}

/**
 * Writes the records of a checked document into a profile, its files aside, with all that is derived from them, in one
 * transaction. Throws a `TransferError` where something is there already.
 */
export function importRecords(database: SqliteDatabase, profile: string, file: string): void {
  database.transaction(() => {
    const sessionIds: string[] = []
    const searchableMessageIds: string[] = []
    for (const { location, ...listed } of readDocument(file, importedSections)) {
      assertIdIsFree(database, listed, location)
      try {
        insertRecord(database, profile, listed)
      } catch (error) {
        if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CONSTRAINT')) throw error
        throw new TransferError(`${location}: it contradicts what is there (${error.message})`)
      }
      if (listed.section === 'sessions') sessionIds.push(listed.record.id)
      if (listed.section === 'messages' && listed.record.role !== 'SYSTEM') searchableMessageIds.push(listed.record.id)
    }
    database
      .prepare<[string]>(
        `UPDATE sessions SET message_count =
           (SELECT count(*) FROM messages WHERE session_id = sessions.id AND position IS NOT NULL)
         WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .run(JSON.stringify(sessionIds))
    indexMessages(database, searchableMessageIds)
  })
}

/** Most of what is written takes the place of what has its id. */
function assertIdIsFree(database: SqliteDatabase, { section, record }: DocumentRecord, location: string): void {
  const table = tableBySection[section]
  if (table === undefined || !('id' in record)) return
  const existing = database.prepare<[string]>(`SELECT 1 FROM ${table} WHERE id = ?`).get(record.id)
  if (existing !== undefined) throw new TransferError(`${location}: ${record.id} is there already`)
}

function insertRecord(database: SqliteDatabase, profile: string, { section, record }: DocumentRecord): void {
  switch (section) {
    case 'sessions':
      return insertSegueSession(database, profile, record)
    case 'streams': {
      const { key, ...stream } = record
      upsertStream(database, stream)
      if (key) setStreamIdempotencyKey(database, { ...key, streamId: stream.id })
      return
    }
    case 'messages':
      return upsertMessage(database, record)
    case 'events':
      return insertEvent(database, record)
    case 'decisions':
      return upsertDecision(database, record)
    case 'grants':
      return insertGrant(database, record)
    case 'files':
  }
}

function insertSegueSession(
  database: SqliteDatabase,
  profile: string,
  { key, files, ...session }: SectionRecord<'sessions'>,
): void {
  insertSession(database, { ...session, origin: 'SEGUE', profile, notContinuationOf: [] })
  if (key) {
    database
      .prepare<[string, string, string]>('UPDATE sessions SET key = ?, fingerprint = ? WHERE id = ?')
      .run(key.key, key.fingerprint, session.id)
  }
  for (const hash of files) insertBlobReference(database, hash, session.id)
}
