import type { Provider } from '../../config/profile/provider.ts'
import { AgentError } from '../agent.ts'
import { fetchModels, type ProviderModel } from './fetch-models.ts'
import type { Logger } from '../../lib/logger.ts'

const ttlMs = 5 * 60_000 // milliseconds
const failureTtlMs = 30_000 // milliseconds; a provider that is down should not make every reader wait

interface CacheEntry {
  models: readonly ProviderModel[] | null
  expiresAt: number
  pendingRefresh: Promise<void> | null
}

/** What providers say they have: asked by one reader at a time, kept for five minutes. */
export class ModelListCache {
  readonly #log: Logger
  readonly #entries = new Map<string, CacheEntry>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** The provider's list, an old one where it cannot be asked now; null where it never could be. Never throws. */
  async get(provider: Provider): Promise<readonly ProviderModel[] | null> {
    const entry = this.#getOrCreateEntry(provider)
    if (Date.now() >= entry.expiresAt) entry.pendingRefresh ??= this.#refresh(provider, entry)
    await entry.pendingRefresh
    return entry.models
  }

  #getOrCreateEntry({ name }: Provider): CacheEntry {
    const entry = this.#entries.get(name) ?? { models: null, expiresAt: 0, pendingRefresh: null }
    this.#entries.set(name, entry)
    return entry
  }

  async #refresh(provider: Provider, entry: CacheEntry): Promise<void> {
    try {
      entry.models = await fetchModels(provider)
      entry.expiresAt = Date.now() + ttlMs
    } catch (error) {
      entry.expiresAt = Date.now() + failureTtlMs
      const reason = error instanceof AgentError ? error.message : String(error)
      this.#log.warn({ provider: provider.name, reason }, 'A provider could not be asked for its models.')
    } finally {
      entry.pendingRefresh = null
    }
  }
}
