import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { lowerThreadPriority } from '../../../lib/worker/lower-thread-priority.ts'
import { findDamage } from './find-damage.ts'

/** The path of the database. */
export type FindDamageWorkerData = string

lowerThreadPriority()

const path: FindDamageWorkerData = workerData
const database = new Database(path, { readonly: true, fileMustExist: true })
try {
  const problems = findDamage(database).filter(({ kind }) => kind !== 'UNUSED_PAGES')
  parentPort?.postMessage(problems.map(({ text }) => text))
} finally {
  database.close()
}
