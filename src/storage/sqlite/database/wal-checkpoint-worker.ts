import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { lowerThreadPriority } from '../../../lib/worker/lower-thread-priority.ts'

/** The path of the database. */
export type WalCheckpointWorkerData = string

const port = parentPort
if (!port) throw new Error('This module is the entry point of a worker thread.')

lowerThreadPriority()

const databasePath: WalCheckpointWorkerData = workerData
port.on('message', () => {
  try {
    const database = new Database(databasePath, { fileMustExist: true })
    try {
      database.pragma('wal_checkpoint(PASSIVE)')
    } finally {
      database.close()
    }
  } catch {
    // The file was deleted, or is locked. The next checkpoint includes what this one has left.
  }
})
