import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import { lowerThreadPriority } from '../lib/lower-thread-priority.ts'
import type { Origin } from '../model/session.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import { SearchRunner } from './search-runner.ts'
import type { OpenSearchSource, SearchSource, SearchSourceModule } from './search-source.ts'

export interface SearchWorkerOptions {
  readonly sources: readonly SearchSourceModule[]
  /** Whether to send each SQL statement to the main thread. */
  readonly reportStatements: boolean
}

/** Messages to the main thread. They arrive before the answer of the call that caused them. */
export interface SearchWorkerEvents {
  statement(origin: Origin, sql: string): void
}

export interface SearchWorkerFunctions {
  /** Resolves to null when the search was cancelled. `id` must not be in use by another running search. */
  find(id: number, request: SearchRequest): Promise<SearchPage | null>
  cancel(id: number): void
}

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

lowerThreadPriority()

const { sources: modules, reportStatements }: SearchWorkerOptions = workerData

async function openSources(): Promise<ReadonlyMap<Origin, SearchSource>> {
  const opened = modules.map(async ({ origin, moduleUrl, options }) => {
    const { openSearchSource }: { openSearchSource: OpenSearchSource } = await import(moduleUrl)
    const onStatement = reportStatements ? (sql: string): void => void main.$callEvent('statement', origin, sql) : null
    return [origin, openSearchSource(options, onStatement)] as const
  })
  return new Map(await Promise.all(opened))
}

const controllers = new Map<number, AbortController>()

const functions: SearchWorkerFunctions = {
  async find(id, request) {
    const controller = new AbortController()
    controllers.set(id, controller)
    try {
      return await (await runner).find(request, controller.signal)
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
const runner = openSources().then((sources) => new SearchRunner(sources))
