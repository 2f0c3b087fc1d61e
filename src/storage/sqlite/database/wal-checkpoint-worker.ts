import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { DatabaseFiles } from './database-files.ts'
import { lowerThreadPriority } from '../../../lib/worker/lower-thread-priority.ts'

/** The path of the database. */
export type WalCheckpointWorkerData = string

const port = parentPort
if (!port) throw new Error('This module is the entry point of a worker thread.')

lowerThreadPriority()

const databasePath: WalCheckpointWorkerData = workerData
port.on('message', (identity: DatabaseFiles['identity']) => {
  try {
    const database = new Database(databasePath, { fileMustExist: true })
    try {
      // If the file was replaced, the WAL at its side belongs to another database, and would damage the new one.
      new DatabaseFiles(databasePath, identity).assertUnchanged()
      database.pragma('wal_checkpoint(PASSIVE)')
    } finally {
      database.close()
    }
  } catch {
    // The file was deleted or replaced, or is locked. The next checkpoint includes what this one has left.
  }
})
