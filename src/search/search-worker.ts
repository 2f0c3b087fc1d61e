import type { ExecutedSqlStatement } from '../lib/sql-channel.ts'
import { lowerThreadPriority } from '../lib/worker/lower-thread-priority.ts'
import { forwardSqlStatements, readWorkerOptions, serveWorkerFunctions } from '../lib/worker/worker-server.ts'
import type { Origin } from '../model/session.ts'
import type { SearchPage, SearchRequest } from './search-hit.ts'
import { SearchRunner } from './search-runner.ts'
import {
  SearchIndexDamagedError,
  type SearchSourceFactory,
  type SearchSource,
  type SearchSourceModule,
} from './search-source.ts'

export interface SearchWorkerOptions {
  readonly sources: readonly SearchSourceModule[]
}

export interface SearchWorkerEvents {
  statement(statement: ExecutedSqlStatement): void
  /** The search with this id has met a damaged index. It rejects. */
  indexDamaged(id: number): void
}

export interface SearchWorkerFunctions {
  /** Resolves to null when the search was cancelled. `id` must not be in use by another running search. */
  find(id: number, request: SearchRequest): Promise<SearchPage | null>
  cancel(id: number): void
}

lowerThreadPriority()

const { sources: modules } = readWorkerOptions<SearchWorkerOptions>()

async function openSources(): Promise<ReadonlyMap<Origin, SearchSource>> {
  const opened = modules.map(async ({ origin, moduleUrl, options }) => {
    const { openSearchSource }: { openSearchSource: SearchSourceFactory } = await import(moduleUrl)
    return [origin, openSearchSource(options)] as const
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
      if (error instanceof SearchIndexDamagedError) void main.$callEvent('indexDamaged', id)
      throw error
    } finally {
      controllers.delete(id)
    }
  },
  cancel: (id) => controllers.get(id)?.abort(),
}

const main = serveWorkerFunctions<SearchWorkerEvents, SearchWorkerFunctions>(functions)
forwardSqlStatements((statement) => void main.$callEvent('statement', statement))
const runner = openSources().then((sources) => new SearchRunner(sources))
