import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { lowerThreadPriority } from '../../../lib/lower-thread-priority.ts'

/** What the worker is started with: the database's path. */
export type CheckpointWorkerData = string

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

lowerThreadPriority()

const databasePath: CheckpointWorkerData = workerData
port.on('message', () => {
  try {
    const database = new Database(databasePath, { fileMustExist: true })
    try {
      database.pragma('wal_checkpoint(PASSIVE)')
    } finally {
      database.close()
    }
  } catch {
    // It is gone, or somebody is in the way: the next one does it, or whoever writes at last.
  }
})
