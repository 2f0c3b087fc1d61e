import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { standBehind } from '../../../lib/thread-priority.ts'

/** What the worker is started with: the database's path. */
export type WorkerPath = string

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

standBehind()

const path: WorkerPath = workerData
port.on('message', () => {
  try {
    const database = new Database(path, { fileMustExist: true })
    try {
      database.pragma('wal_checkpoint(PASSIVE)')
    } finally {
      database.close()
    }
  } catch {
    // It is gone, or somebody is in the way: the next one does it, or whoever writes at last.
  }
})
