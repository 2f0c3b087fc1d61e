import {
  formatModelId,
  type AllowedModelNames,
  offlineModelId,
  parseModelId,
  toAllowedModelNames,
  validateModelId,
} from '../../config/profile/model-id.ts'
import type { ProviderType, Provider } from '../../config/profile/provider.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import { noOmissions } from '../content-omissions.ts'
import { type ModelPrices, noModelPrices } from '../../usage/model-prices.ts'
import type { Dialect } from '../providers/dialect.ts'
import type { ProviderConnections } from '../providers/http/provider-connections.ts'
import { composeRequestTools, maxToolShare } from '../model-agent/compose-tool-set.ts'
import { computeInputBudget } from '../tokens/input-budget.ts'
import { TokenCounter } from '../tokens/token-counter.ts'
import { selectTokenizer } from '../tokens/token-weights.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { guessContextWindow } from './context-window.ts'
import type { ModelEndpoint } from '../../model/model-observation.ts'
import type { ModelObservationStore } from '../../storage/model-observation-store.ts'
import type { Logger } from '../../lib/logger.ts'
import { findToolImageSupport } from './content-support/image-support.ts'
import { createModelAgents } from './create-model-agents.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import { findModelEfforts } from './efforts/find-model-efforts.ts'
import { type ModelInfo, offlineModelInfo } from './model-info.ts'
import { toModelAddress } from './model-address.ts'
import { ModelListCache } from './model-list-cache.ts'
import { ModelObservations } from './model-observations.ts'
import type { ProviderModel } from './parse-model-list.ts'
import type { OfflineModel, ResolvedModel, ResolveModelOptions } from './resolved-model.ts'
import { selectProviderDefaultModel } from './select-provider-default-model.ts'
import { findPdfSupport, type PdfSupport } from './content-support/pdf-support.ts'
import { UnknownModelError } from './unknown-model-error.ts'

type ToolTokenLimits = Pick<ResolvedModel, 'contextWindow' | 'maxOutputTokens' | 'tokenCounter'>

/** The settings that can change while answers run. */
export type ModelSettings = Pick<ModelRegistryOptions, 'providers' | 'defaultModel' | 'maxSteps'>

export interface ModelRegistryOptions {
  /** The configured providers. Their order is the order of the list, and decides which one has the default model. */
  readonly providers: readonly Provider[]
  /** Answers as `offline/eliza`. */
  readonly offline: OfflineModel
  /** The tools that models are offered. */
  readonly toolbox: Toolbox
  /** How many requests to the model one answer may take. */
  readonly maxSteps: number
  /** Null: the first usable model of the first provider that has one. */
  readonly defaultModel: string | null
  /** Default: none, so that only what providers report is known. */
  readonly prices?: ModelPrices
  /** Where it is stored what requests show about the models. */
  readonly observations: ModelObservationStore
  readonly log: Logger
  readonly connections: ProviderConnections
}

/** Default models of providers that are configured by a key alone, for when their list cannot be fetched. */
const fallbackDefaults: Readonly<Partial<Record<ProviderType, string>>> = {
  openai: 'gpt-5.1',
  anthropic: 'claude-sonnet-4-5',
}

/** How long a start may wait for the first model list of a provider. */
const defaultMaxListWaitMs = 1_000
/** Nearly every context window is larger. A chat that exceeds a smaller one is refused, and the refusal is learned from. */
const minTokensForModelList = 1_000
/** How many resolved models are cached. A bound, because clients choose the names. */
const maxCachedModels = 100

/** The models of a profile: lists them, checks their ids, and makes them ready to answer. */
export class ModelRegistry {
  #options: ModelRegistryOptions
  #knownModels: AllowedModelNames
  readonly #modelLists: ModelListCache
  readonly #observations: ModelObservations
  #resolvedModels = new LruCache<string, ResolvedModel>(maxCachedModels)

  constructor(options: ModelRegistryOptions) {
    this.#options = options
    this.#knownModels = toAllowedModelNames(options.providers)
    this.#modelLists = new ModelListCache(options.connections, options.log)
    this.#observations = new ModelObservations(options.observations, options.log)
  }

  /**
   * Replaces the providers and limits, for models that are resolved later. What is known of a provider that is the same
   * object stays. Running answers keep the model that they have.
   */
  configure(settings: ModelSettings): void {
    for (const previous of this.#options.providers)
      if (!settings.providers.includes(previous)) this.#modelLists.forget(previous)
    this.#options = { ...this.#options, ...settings }
    this.#knownModels = toAllowedModelNames(settings.providers)
    this.#resolvedModels = new LruCache(maxCachedModels)
  }

  /** All models, grouped by provider, the offline model last. A provider that fails keeps its previous list. */
  async list(): Promise<ModelInfo[]> {
    const { providers } = this.#options
    await this.#observations.load()
    const lists = await Promise.all(providers.map((provider) => this.#loadModelList(provider)))
    const defaultId = await this.#resolveDefaultId()
    const defaultModel = parseModelId(defaultId)
    const models = providers.flatMap((provider, index) => {
      const listed = lists[index] ?? null
      const names = new Set(provider.models ?? listed?.map(({ name }) => name))
      // The default model can be chosen even if its provider does not list it, or cannot list anything now.
      if (defaultModel?.provider === provider.name && provider.models === null) names.add(defaultModel.name)
      return [...names].map((name) => this.#describeModel(provider, name, { listed, defaultId }))
    })
    return [...models, { ...offlineModelInfo, isDefault: offlineModelInfo.id === defaultId }]
  }

  /** Throws an UnknownModelError unless the id names a model of a configured provider. */
  assertKnown(id: string): void {
    const problem = validateModelId(id, this.#knownModels)
    if (problem !== null) throw new UnknownModelError(id, problem)
  }

  /** Returns the model with this id, or the default model for null. Rejects as `assertKnown` throws. */
  async resolve(id: string | null, options: ResolveModelOptions = {}): Promise<ResolvedModel> {
    // After a reload, models of before must not be in its cache.
    const cache = this.#resolvedModels
    const modelId = id ?? (await this.#resolveDefaultId())
    this.assertKnown(modelId)
    const { provider: providerName, name } = parseModelId(modelId) ?? offlineModelId
    const provider = this.#options.providers.find((each) => each.name === providerName)
    if (!provider) return { id: modelId, name, dialect: null, omissions: noOmissions, ...this.#options.offline }
    if (options.needsEfforts) await this.#modelLists.getKnown(provider, options.maxListWaitMs ?? defaultMaxListWaitMs)
    const [listed] = await Promise.all([this.#findModelList(provider, options), this.#observations.load()])
    const knownContextWindow = this.#findContextWindow(provider, name, listed)
    const isContextWindowKnown = knownContextWindow !== null
    const statedContextWindow = knownContextWindow ?? guessContextWindow(name)
    const contextWindow = this.#limitToAssumedWindow(statedContextWindow, toModelAddress(provider, name))
    const maxOutputTokens = findListedModel(listed, name)?.maxOutputTokens ?? null
    const cached = cache.get(modelId)
    // The provider may have loaded the model with another context window since, or shown what server it is.
    const isCurrent =
      cached?.contextWindow === contextWindow &&
      cached.statedContextWindow === statedContextWindow &&
      cached.isContextWindowKnown === isContextWindowKnown &&
      cached.maxOutputTokens === maxOutputTokens &&
      cached.dialect === this.#modelLists.findDialect(provider)
    if (isCurrent) return cached
    const resolved = this.#createModel(provider, name, {
      contextWindow,
      statedContextWindow,
      isContextWindowKnown,
      maxOutputTokens,
    })
    cache.set(modelId, resolved)
    return resolved
  }

  #describeModel(
    provider: Provider,
    name: string,
    { listed, defaultId }: { readonly listed: readonly ProviderModel[] | null; readonly defaultId: string },
  ): ModelInfo {
    const address = toModelAddress(provider, name)
    return {
      id: address.model,
      provider: provider.name,
      name,
      isDefault: address.model === defaultId,
      contextWindow: this.#findContextWindow(provider, name, listed),
      supportsTools:
        this.#observations.findSupport(address, 'supportsTools') ??
        findListedModel(listed, name)?.supportsTools ??
        null,
      supportsImages: this.#findImageSupport(address, findListedModel(listed, name)),
      efforts: this.#observations.omitRefusedEfforts(address, this.#findEfforts(provider, name, listed)),
      omittedTools: this.#observations.findOmittedTools(address),
    }
  }

  #findEfforts(provider: Provider, name: string, listed: readonly ProviderModel[] | null): readonly Effort[] {
    return findModelEfforts(provider, name, listed, this.#modelLists.findDialect(provider).name)
  }

  #findImageSupport(address: ModelEndpoint, listed: ProviderModel | undefined): boolean | null {
    return this.#observations.findSupport(address, 'supportsImages') ?? listed?.supportsImages ?? null
  }

  /** The configured context window, else the one in the list of the provider; a refusal may have named a smaller one. */
  #findContextWindow(provider: Provider, name: string, listed: readonly ProviderModel[] | null): number | null {
    const expected = provider.contextWindow ?? findListedModel(listed, name)?.contextWindow ?? null
    const learned = this.#observations.contextSizes.findContextWindow(toModelAddress(provider, name))
    return expected === null || learned === null ? (expected ?? learned) : Math.min(expected, learned)
  }

  /** A context window, or a smaller one that is assumed after refusals that named none. */
  #limitToAssumedWindow(contextWindow: number, address: ModelEndpoint): number {
    return Math.min(contextWindow, this.#observations.contextSizes.findAssumedContextWindow(address) ?? contextWindow)
  }

  /** The list of a provider, as far as it is needed for the context window of a model. */
  #findModelList(
    provider: Provider,
    { maxListWaitMs = defaultMaxListWaitMs, contextTokens = 0 }: ResolveModelOptions,
  ): Promise<readonly ProviderModel[] | null> | readonly ProviderModel[] | null {
    if (provider.contextWindow !== null) return null
    const isNeeded = provider.models === null || contextTokens >= minTokensForModelList
    return isNeeded ? this.#modelLists.getKnown(provider, maxListWaitMs) : this.#modelLists.peek(provider)
  }

  #createModel(
    provider: Provider,
    name: string,
    limits: Pick<ResolvedModel, 'contextWindow' | 'statedContextWindow' | 'isContextWindowKnown' | 'maxOutputTokens'>,
  ): ResolvedModel {
    const { toolbox, maxSteps, connections, prices = noModelPrices, log } = this.#options
    const { contextWindow, maxOutputTokens } = limits
    const address = toModelAddress(provider, name)
    const dialect = this.#modelLists.findDialect(provider)
    const { contextSizes } = this.#observations
    const findPdfs = () => this.#findPdfSupport(provider, name, dialect)
    const supportsImages = () => this.#findImageSupport(address, findListedModel(this.#modelLists.peek(provider), name))
    const tokenCounter = new TokenCounter(() => contextSizes.findTokenScale(address), {
      tokenizer: selectTokenizer(name),
    })
    const observer = this.#observations.createObserver(address, dialect.images.maxCount)
    const listEfforts = () => this.#findEfforts(provider, name, this.#modelLists.peek(provider))
    return {
      id: address.model,
      name,
      ...createModelAgents(provider, name, {
        ...{ toolbox, maxSteps, connections, log, dialect, observer, contextWindow, maxOutputTokens, tokenCounter },
        listEfforts: () => this.#observations.omitRefusedEfforts(address, listEfforts()),
        pricing: prices.find(address.model),
      }),
      ...limits,
      tokenCounter,
      get reservedTokens() {
        return contextSizes.findReservedTokens(address)
      },
      countToolTokens: async () =>
        observer.offersTools ? this.#countToolTokens({ contextWindow, maxOutputTokens, tokenCounter }, dialect) : 0,
      get efforts() {
        return listEfforts()
      },
      get toolImages() {
        return findToolImageSupport(provider.type, dialect, { name, isKnown: supportsImages() === true })
      },
      get pdfs() {
        return findPdfs()
      },
      get omissions() {
        return observer.omissions
      },
      dialect,
    }
  }

  #findPdfSupport(provider: Provider, name: string, dialect: Dialect): PdfSupport | null {
    const isListed = findListedModel(this.#modelLists.peek(provider), name)?.supportsPdfs === true
    return findPdfSupport(provider.type, dialect, { name, isListed })
  }

  async #countToolTokens(
    { contextWindow, maxOutputTokens, tokenCounter: counter }: ToolTokenLimits,
    { tools: limits }: Dialect,
  ): Promise<number> {
    const { toolbox } = this.#options
    const { offersClarify } = toolbox
    const maxTokens = computeInputBudget({ contextWindow, maxOutputTokens }) * maxToolShare
    return composeRequestTools(await toolbox.listTools(), { limits, offersClarify, counter, maxTokens }).reservedTokens
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

  /** The list of a provider, which names its models or, if they are configured, says more about them. */
  #loadModelList(provider: Provider): Promise<readonly ProviderModel[] | null> {
    return provider.models === null
      ? this.#modelLists.get(provider)
      : this.#modelLists.getKnown(provider, defaultMaxListWaitMs)
  }
}

function findListedModel(listed: readonly ProviderModel[] | null, name: string): ProviderModel | undefined {
  return listed?.find((model) => model.name === name)
}
