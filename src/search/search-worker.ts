import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import { standBehind } from '../lib/thread-priority.ts'
import { StateFile } from '../hermes/state/state-database.ts'
import type { Origin } from '../model/records.ts'
import { HermesSearch } from '../hermes/search/hermes-search.ts'
import { OwnFile } from '../storage/sqlite/search/read-only-database.ts'
import { OwnSearch } from '../storage/sqlite/search/sqlite-search.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import { SearchRunner } from './search-runner.ts'
import type { Searched } from './search-source.ts'

/** What the worker is started with. */
export interface WorkerOptions {
  readonly profile: string
  readonly ownPath: string
  /** Null when Hermes is turned off. */
  readonly hermesPath: string | null
  /** Whether anybody wants to see the statements. */
  readonly statements: boolean
}

/** What the worker tells beside its answers; always before the answer of the call that caused it. */
export interface WorkerEvents {
  statement(file: 'segue' | 'hermes', sql: string): void
}

export interface WorkerFunctions {
  /** Null when it was stopped. `id` is the caller's, and in use once at a time. */
  find(id: number, request: SearchRequest): Promise<SearchPage | null>
  stop(id: number): void
}

const lockPatience = 500 // milliseconds; nobody else is searched for meanwhile

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

standBehind()

const { profile, ownPath, hermesPath, statements }: WorkerOptions = workerData
const statement = (file: 'segue' | 'hermes') =>
  statements ? (sql: string): void => void main.$callEvent('statement', file, sql) : null

const files = new Map<Origin, Searched>([['SEGUE', new OwnSearch(new OwnFile(ownPath, statement('segue')))]])
if (hermesPath !== null) {
  // What is wrong with the file is told by the thread that lists its sessions.
  const log = { info: () => undefined, warn: () => undefined }
  const file = new StateFile({ path: hermesPath, patience: lockPatience, log, onStatement: statement('hermes') })
  files.set('HERMES', new HermesSearch(file, profile))
}
const runner = new SearchRunner(files)
const running = new Map<number, AbortController>()

const functions: WorkerFunctions = {
  async find(id, request) {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      return await runner.find(request, controller.signal)
    } catch (error) {
      if (controller.signal.aborted) return null
      throw error
    } finally {
      running.delete(id)
    }
  },
  stop: (id) => running.get(id)?.abort(),
}
const main = createBirpc<WorkerEvents, WorkerFunctions>(functions, {
  bind: 'functions',
  post: (message) => port.postMessage(message),
  on: (listener) => port.on('message', listener),
})
