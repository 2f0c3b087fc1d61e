import {
  formatModelId,
  type KnownModels,
  offlineModelId,
  parseModelId,
  toKnownModels,
  validateModelId,
} from '../../config/profile/model-id.ts'
import type { ProviderType, Provider } from '../../config/profile/provider.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import type { Agent, SummaryAndTitleGenerator } from '../agent.ts'
import { createModelAgent } from '../model-agent/model-agent.ts'
import { createLanguageModel } from '../providers/create-language-model.ts'
import { createModelSummaryGenerator } from '../text-generation/model-summary-generator.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { findContextWindow } from './context-window.ts'
import type { Logger } from '../../lib/logger.ts'
import { ModelListCache } from './model-list-cache.ts'
import { selectProviderDefaultModel } from './select-provider-default-model.ts'
import { UnknownModelError } from './unknown-model-error.ts'

/** A model that a user can choose. */
export interface ModelInfo {
  /** `<provider>/<name>`. The name may contain slashes. */
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly isDefault: boolean
}

/** A model that is ready to answer. */
export interface ResolvedModel {
  readonly id: string
  readonly name: string
  readonly agent: Agent
  readonly textGenerator: SummaryAndTitleGenerator
  /** Size of the context window, in tokens. */
  readonly contextWindow: number
}

export interface ModelRegistryOptions {
  /** The configured providers. Their order is the order of the list, and decides which one has the default model. */
  readonly providers: readonly Provider[]
  /** Answers as `offline/eliza`. */
  readonly offline: Pick<ResolvedModel, 'agent' | 'textGenerator' | 'contextWindow'>
  /** The tools that models are offered. */
  readonly toolbox: Toolbox
  /** How many requests to the model one answer may take. */
  readonly maxSteps: number
  /** Null: the first usable model of the first provider that has one. */
  readonly defaultModel: string | null
  readonly log: Logger
  /** Milliseconds without data after which a provider has failed. */
  readonly idleTimeoutMs: number
}

/** The only model of a profile that has no providers, such as one that does not exist yet. */
export const offlineModelInfo: ModelInfo = {
  id: formatModelId(offlineModelId),
  ...offlineModelId,
  isDefault: true,
}

/** Default models of providers that are configured by a key alone, for when their list cannot be fetched. */
const fallbackDefaults: Readonly<Partial<Record<ProviderType, string>>> = {
  openai: 'gpt-5.1',
  anthropic: 'claude-sonnet-4-5',
}

/** How long a start may wait for the first model list of a provider. */
const defaultMaxListWaitMs = 1_000
/** How many resolved models are cached. A bound, because clients choose the names. */
const maxCachedModels = 100

/** The models of a profile: lists them, checks their ids, and makes them ready to answer. */
export class ModelRegistry {
  readonly #options: ModelRegistryOptions
  readonly #knownModels: KnownModels
  readonly #modelLists: ModelListCache
  readonly #resolvedModels = new LruCache<string, ResolvedModel>(maxCachedModels)

  constructor(options: ModelRegistryOptions) {
    this.#options = options
    this.#knownModels = toKnownModels(options.providers)
    this.#modelLists = new ModelListCache(options.log)
  }

  /** All models, grouped by provider, the offline model last. A provider that fails keeps its previous list. */
  async list(): Promise<ModelInfo[]> {
    const { providers } = this.#options
    const lists = await Promise.all(providers.map((provider) => this.#listModelNames(provider)))
    const defaultId = await this.#resolveDefaultId()
    const defaultModel = parseModelId(defaultId)
    const providerModels = providers.flatMap((provider, index) => {
      const names = new Set(lists[index])
      // The default model can be chosen even if its provider does not list it, or cannot list anything now.
      if (defaultModel?.provider === provider.name && provider.models === null) names.add(defaultModel.name)
      return [...names].map((name) => ({ provider: provider.name, name }))
    })
    return [...providerModels, offlineModelId].map(({ provider, name }) => {
      const id = formatModelId({ provider, name })
      return { id, provider, name, isDefault: id === defaultId }
    })
  }

  /** Throws an UnknownModelError unless the id names a model of a configured provider. */
  assertKnown(id: string): void {
    const problem = validateModelId(id, this.#knownModels)
    if (problem !== null) throw new UnknownModelError(id, problem)
  }

  /**
   * Returns the model with this id, or the default model for null. A model whose context window only its provider knows waits
   * at most `maxListWaitMs` milliseconds for the provider's first model list; after that, the window is assumed from the name.
   * Rejects as `assertKnown` throws.
   */
  async resolve(id: string | null, maxListWaitMs = defaultMaxListWaitMs): Promise<ResolvedModel> {
    const modelId = id ?? (await this.#resolveDefaultId())
    this.assertKnown(modelId)
    const { provider: providerName, name } = parseModelId(modelId) ?? offlineModelId
    const provider = this.#options.providers.find((each) => each.name === providerName)
    if (!provider) return { id: modelId, name, ...this.#options.offline }
    const contextWindow = await this.#findContextWindow(provider, name, maxListWaitMs)
    const cached = this.#resolvedModels.get(modelId)
    // The provider may have loaded the model with another context window since.
    if (cached?.contextWindow === contextWindow) return cached
    const resolved = this.#createModel(provider, name, contextWindow)
    this.#resolvedModels.set(modelId, resolved)
    return resolved
  }

  /** The configured context window, else the one in the list of the provider, else the one of the model's family. */
  async #findContextWindow(provider: Provider, name: string, maxListWaitMs: number): Promise<number> {
    if (provider.contextWindow !== null) return provider.contextWindow
    const models = provider.models === null ? await this.#modelLists.getKnown(provider, maxListWaitMs) : null
    return models?.find((model) => model.name === name)?.contextWindow ?? findContextWindow(name)
  }

  #createModel(provider: Provider, name: string, contextWindow: number): ResolvedModel {
    const { toolbox, maxSteps, idleTimeoutMs, log } = this.#options
    const id = formatModelId({ provider: provider.name, name })
    const secrets = provider.apiKey === null ? [] : [provider.apiKey]
    const agentOptions = { model: createLanguageModel(provider, name, log), secrets, idleTimeoutMs }
    return {
      id,
      name,
      agent: createModelAgent({ ...agentOptions, toolbox, maxSteps }),
      textGenerator: createModelSummaryGenerator(createModelAgent({ ...agentOptions, maxSteps: 1 }), contextWindow),
      contextWindow,
    }
  }

  async #resolveDefaultId(): Promise<string> {
    if (this.#options.defaultModel !== null) return this.#options.defaultModel
    for (const provider of this.#options.providers) {
      const name = provider.models ? provider.models[0] : await this.#findDefaultModelName(provider)
      if (name) return formatModelId({ provider: provider.name, name })
    }
    return formatModelId(offlineModelId)
  }

  async #findDefaultModelName(provider: Provider): Promise<string | undefined> {
    const models = await this.#modelLists.get(provider)
    return models ? selectProviderDefaultModel(provider.type, models) : fallbackDefaults[provider.type]
  }

  async #listModelNames(provider: Provider): Promise<readonly string[]> {
    return provider.models ?? (await this.#modelLists.get(provider))?.map(({ name }) => name) ?? []
  }
}
