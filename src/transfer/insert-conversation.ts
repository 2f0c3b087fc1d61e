import Database from 'better-sqlite3'
import type { ProfileDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { indexWhole } from '../storage/sqlite/search/bulk-index.ts'
import {
  insertEvent,
  insertSession,
  nameStream,
  putFile,
  putMessage,
  putStream,
} from '../storage/sqlite/rows/row-writers.ts'
import { putDecision, putGrant } from '../storage/sqlite/sqlite-decision-store.ts'
import { recordsIn } from './document-reader.ts'
import type { Listed, ListName, RecordIn } from './document-schema.ts'
import { TransferError } from './transfer-error.ts'

const lists: readonly ListName[] = ['sessions', 'streams', 'messages', 'events', 'decisions', 'grants']
const tables: Partial<Record<ListName, string>> = {
  sessions: 'sessions',
  streams: 'streams',
  messages: 'messages',
  decisions: 'decisions',
}

/**
 * Writes the records of a checked document into a profile, its files aside, with all that is derived from them, in one
 * transaction. Throws a `TransferError` where something is there already.
 */
export function insertConversation(database: ProfileDatabase, profile: string, file: string): void {
  database.write(() => {
    const sessionIds: string[] = []
    const said: string[] = []
    for (const { place, ...listed } of recordsIn(file, lists)) {
      refuseTaken(database, listed, place)
      try {
        insert(database, profile, listed)
      } catch (error) {
        if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CONSTRAINT')) throw error
        throw new TransferError(`${place}: it contradicts what is there (${error.message})`)
      }
      if (listed.list === 'sessions') sessionIds.push(listed.record.id)
      if (listed.list === 'messages' && listed.record.role !== 'SYSTEM') said.push(listed.record.id)
    }
    database
      .prepare<[string]>(
        `UPDATE sessions SET message_count =
           (SELECT count(*) FROM messages WHERE session_id = sessions.id AND position IS NOT NULL)
         WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .run(JSON.stringify(sessionIds))
    indexWhole(database, said)
  })
}

/** Most of what is written takes the place of what has its id. */
function refuseTaken(database: ProfileDatabase, { list, record }: Listed, place: string): void {
  const table = tables[list]
  if (table === undefined || !('id' in record)) return
  const taken = database.prepare<[string]>(`SELECT 1 FROM ${table} WHERE id = ?`).get(record.id)
  if (taken !== undefined) throw new TransferError(`${place}: ${record.id} is there already`)
}

function insert(database: ProfileDatabase, profile: string, { list, record }: Listed): void {
  switch (list) {
    case 'sessions':
      return insertOwn(database, profile, record)
    case 'streams': {
      const { key, ...stream } = record
      putStream(database, stream)
      if (key) nameStream(database, { ...key, streamId: stream.id })
      return
    }
    case 'messages':
      return putMessage(database, record)
    case 'events':
      return insertEvent(database, record)
    case 'decisions':
      return putDecision(database, record)
    case 'grants':
      return putGrant(database, record)
    case 'files':
  }
}

function insertOwn(database: ProfileDatabase, profile: string, { key, files, ...session }: RecordIn<'sessions'>): void {
  insertSession(database, { ...session, origin: 'SEGUE', profile, notContinuationOf: [] })
  if (key) {
    database
      .prepare<[string, string, string]>('UPDATE sessions SET key = ?, fingerprint = ? WHERE id = ?')
      .run(key.key, key.fingerprint, session.id)
  }
  for (const hash of files) putFile(database, hash, session.id)
}
