import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import type { Provider } from '../../config/profile/provider.ts'
import { AgentError } from '../agent.ts'
import type { ProviderConnections } from '../providers/http/provider-connections.ts'
import type { Dialect } from '../providers/dialect.ts'
import { selectDialect } from '../providers/select-dialect.ts'
import { fetchModels } from './fetch-models.ts'
import type { ProviderModel } from './parse-model-list.ts'
import type { Logger } from '../../lib/logger.ts'

const ttlMs = 5 * 60_000
/** A shorter time after a failure. It is not 0, so that callers do not wait for an unavailable provider each time. */
const failureTtlMs = 30_000

interface CacheEntry {
  models: readonly ProviderModel[] | null
  /** Null until a list was fetched. */
  dialect: Dialect | null
  expiresAt: number
  wasTried: boolean
  pendingRefresh: Promise<void> | null
}

/** Caches the model lists of providers for five minutes. Concurrent callers share one request. */
export class ModelListCache {
  readonly #connections: ProviderConnections
  readonly #log: Logger
  readonly #entries = new Map<string, CacheEntry>()

  constructor(connections: ProviderConnections, log: Logger) {
    this.#connections = connections
    this.#log = log
  }

  /** Forgets the list of a provider that has changed. */
  forget({ name }: Provider): void {
    this.#entries.delete(name)
  }

  /** Returns a provider's list, the previous one if it cannot be fetched now, or null if it never could. Never rejects. */
  async get(provider: Provider): Promise<readonly ProviderModel[] | null> {
    const entry = this.#getOrCreateEntry(provider)
    if (Date.now() >= entry.expiresAt) entry.pendingRefresh ??= this.#refresh(provider, entry)
    await entry.pendingRefresh
    return entry.models
  }

  /**
   * Returns what is known of a provider's list. Waits for the first attempt only, and at most `maxWaitMs` milliseconds; the
   * attempt goes on in the background. Never rejects.
   */
  async getKnown(provider: Provider, maxWaitMs: number): Promise<readonly ProviderModel[] | null> {
    const entry = this.#getOrCreateEntry(provider)
    const refreshed = this.get(provider)
    if (!entry.wasTried && maxWaitMs > 0) {
      await Promise.race([refreshed, waitForAbort(AbortSignal.timeout(maxWaitMs))])
    }
    return entry.models
  }

  /** Returns what is known of a provider's list, without asking for it. */
  peek({ name }: Provider): readonly ProviderModel[] | null {
    return this.#entries.get(name)?.models ?? null
  }

  /** The dialect of a provider, as far as it is known by now. */
  findDialect(provider: Provider): Dialect {
    return this.#entries.get(provider.name)?.dialect ?? selectDialect(provider)
  }

  #getOrCreateEntry({ name }: Provider): CacheEntry {
    const entry = this.#entries.get(name) ?? {
      models: null,
      dialect: null,
      expiresAt: 0,
      wasTried: false,
      pendingRefresh: null,
    }
    this.#entries.set(name, entry)
    return entry
  }

  async #refresh(provider: Provider, entry: CacheEntry): Promise<void> {
    try {
      const { models, dialect } = await fetchModels(provider, this.#connections.createFetch(provider))
      entry.models = models
      entry.dialect = dialect
      entry.expiresAt = Date.now() + ttlMs
    } catch (error) {
      entry.expiresAt = Date.now() + failureTtlMs
      const reason = error instanceof AgentError ? error.message : String(error)
      // Configured models do not need the list: their server may have none.
      const level = provider.models === null ? 'warn' : 'debug'
      this.#log[level]({ provider: provider.name, reason }, 'Listing the models of a provider failed.')
    } finally {
      entry.wasTried = true
      entry.pendingRefresh = null
    }
  }
}
