import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import { lowerThreadPriority } from '../lib/thread-priority.ts'
import { StateDatabase } from '../hermes/state/state-database.ts'
import type { Origin } from '../model/records.ts'
import { HermesSearchSource } from '../hermes/search/hermes-search.ts'
import { ReadOnlyDatabase } from '../storage/sqlite/search/read-only-database.ts'
import { SqliteSearchSource } from '../storage/sqlite/search/sqlite-search.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import { SearchRunner } from './search-runner.ts'
import type { SearchSource } from './search-source.ts'

/** What the worker is started with. */
export interface SearchWorkerOptions {
  readonly profile: string
  readonly databasePath: string
  /** Null when Hermes is turned off. */
  readonly hermesPath: string | null
  /** Whether anybody wants to see the statements. */
  readonly reportStatements: boolean
}

/** What the worker tells beside its answers; always before the answer of the call that caused it. */
export interface SearchWorkerEvents {
  statement(file: 'segue' | 'hermes', sql: string): void
}

export interface SearchWorkerFunctions {
  /** Null when it was stopped. `id` is the caller's, and in use once at a time. */
  find(id: number, request: SearchRequest): Promise<SearchPage | null>
  cancel(id: number): void
}

const lockTimeoutMs = 500 // milliseconds; nobody else is searched for meanwhile

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

lowerThreadPriority()

const { profile, databasePath, hermesPath, reportStatements }: SearchWorkerOptions = workerData
const createStatementListener = (file: 'segue' | 'hermes') =>
  reportStatements ? (sql: string): void => void main.$callEvent('statement', file, sql) : null

const sources = new Map<Origin, SearchSource>([
  ['SEGUE', new SqliteSearchSource(new ReadOnlyDatabase(databasePath, createStatementListener('segue')))],
])
if (hermesPath !== null) {
  // What is wrong with the file is told by the thread that lists its sessions.
  const log = { info: () => undefined, warn: () => undefined }
  const file = new StateDatabase({
    path: hermesPath,
    lockTimeoutMs,
    log,
    onStatement: createStatementListener('hermes'),
  })
  sources.set('HERMES', new HermesSearchSource(file, profile))
}
const runner = new SearchRunner(sources)
const controllers = new Map<number, AbortController>()

const functions: SearchWorkerFunctions = {
  async find(id, request) {
    const controller = new AbortController()
    controllers.set(id, controller)
    try {
      return await runner.find(request, controller.signal)
    } catch (error) {
      if (controller.signal.aborted) return null
      throw error
    } finally {
      controllers.delete(id)
    }
  },
  cancel: (id) => controllers.get(id)?.abort(),
}
const main = createBirpc<SearchWorkerEvents, SearchWorkerFunctions>(functions, {
  bind: 'functions',
  post: (message) => port.postMessage(message),
  on: (listener) => port.on('message', listener),
})
