import type { Provider } from '../../config/profile/provider.ts'
import { AgentError } from '../agent.ts'
import { fetchModels } from './fetch-models.ts'
import type { ListedModel } from './fetch-models.ts'

/** Where it is told that a provider could not be asked. */
export interface WarningLog {
  warn(details: object, message: string): void
}

const freshFor = 5 * 60_000 // milliseconds
const failedFor = 30_000 // milliseconds; a provider that is down should not make every reader wait

interface Entry {
  models: readonly ListedModel[] | null
  expires: number
  asking: Promise<void> | null
}

/** What providers say they have: asked by one reader at a time, kept for five minutes. */
export class ModelLists {
  readonly #log: WarningLog
  readonly #entries = new Map<string, Entry>()

  constructor(log: WarningLog) {
    this.#log = log
  }

  /** The provider's list, an old one where it cannot be asked now; null where it never could be. Never throws. */
  async of(provider: Provider): Promise<readonly ListedModel[] | null> {
    const entry = this.#entryOf(provider)
    if (Date.now() >= entry.expires) entry.asking ??= this.#ask(provider, entry)
    await entry.asking
    return entry.models
  }

  #entryOf({ name }: Provider): Entry {
    const entry = this.#entries.get(name) ?? { models: null, expires: 0, asking: null }
    this.#entries.set(name, entry)
    return entry
  }

  async #ask(provider: Provider, entry: Entry): Promise<void> {
    try {
      entry.models = await fetchModels(provider)
      entry.expires = Date.now() + freshFor
    } catch (error) {
      entry.expires = Date.now() + failedFor
      const reason = error instanceof AgentError ? error.message : String(error)
      this.#log.warn({ provider: provider.name, reason }, 'A provider could not be asked for its models.')
    } finally {
      entry.asking = null
    }
  }
}
