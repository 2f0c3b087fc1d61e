import type { ProviderType, Provider } from '../../config/profile/provider.ts'
import { toKnownModels, validateModelId } from '../../config/profile/providers.ts'
import { badInput } from '../../lib/errors.ts'
import type { Agent, TextGenerator } from '../agent.ts'
import { findContextWindow } from './context-window.ts'
import { createLanguageModel } from '../providers/create-language-model.ts'
import { createModelAgent } from '../model-agent/model-agent.ts'
import { createModelTextGenerator } from '../text-generation/model-text-generator.ts'
import { selectPreferredModel } from './fetch-models.ts'
import { ModelListCache, type Logger } from './model-list-cache.ts'
import type { Toolbox } from '../tools/toolbox.ts'

/** A model as people choose it. */
export interface ModelInfo {
  /** The provider's name, a slash, and the model's name there, which may hold slashes itself. */
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly isDefault: boolean
}

export interface ResolvedModel {
  readonly id: string
  readonly name: string
  readonly agent: Agent
  readonly textGenerator: TextGenerator
  /** How many tokens its context holds. */
  readonly contextWindow: number
}

export interface ModelRegistryOptions {
  /** In the order in which they are listed and looked at for a default. */
  readonly providers: readonly Provider[]
  /** What answers as `offline/eliza`. */
  readonly offline: Pick<ResolvedModel, 'agent' | 'textGenerator' | 'contextWindow'>
  /** What models may use, and how many requests an answer may take. */
  readonly toolbox: Toolbox
  readonly maxSteps: number
  /** Null: the first provider that has a usable model has the default one. */
  readonly defaultModel: string | null
  readonly log: Logger
  /** Milliseconds after which a provider that sends nothing has failed. */
  readonly idleTimeoutMs: number
}

const offlineModelId = { provider: 'offline', name: 'eliza' }

/** What is the default at a provider that is there by its key and cannot be asked right now. */
const fallbackDefaults: Readonly<Partial<Record<ProviderType, string>>> = {
  openai: 'gpt-5.1',
  anthropic: 'claude-sonnet-4-5',
}

/** The models that can be chosen. */
export class ModelRegistry {
  readonly #options: ModelRegistryOptions
  readonly #modelLists: ModelListCache

  constructor(options: ModelRegistryOptions) {
    this.#options = options
    this.#modelLists = new ModelListCache(options.log)
  }

  /** Provider by provider, the offline one last. One that cannot be asked has what it had before, or nothing. */
  async list(): Promise<ModelInfo[]> {
    const { providers } = this.#options
    const lists = await Promise.all(providers.map((provider) => this.#listModelNames(provider)))
    const defaultId = await this.#resolveDefaultId()
    const defaultModel = parseModelId(defaultId)
    const providerModels = providers.flatMap((provider, index) => {
      const names = new Set(lists[index])
      // A default that its provider does not list, or cannot list now, can be chosen all the same.
      if (defaultModel.provider === provider.name && provider.models === null) names.add(defaultModel.name)
      return [...names].map((name) => ({ provider: provider.name, name }))
    })
    return [...providerModels, offlineModelId].map(({ provider, name }) => {
      const id = `${provider}/${name}`
      return { id, provider, name, isDefault: id === defaultId }
    })
  }

  /**
   * What answers under this id; null means the default. Throws BAD_USER_INPUT for an id that names nothing. A provider
   * that was not told its models has every name: it refuses itself what it does not know.
   */
  async resolve(id: string | null): Promise<ResolvedModel> {
    const modelId = id ?? (await this.#resolveDefaultId())
    const { providers, offline } = this.#options
    const modelError = validateModelId(modelId, toKnownModels(providers))
    if (modelError !== null)
      throw badInput(`The model ${JSON.stringify(modelId)} has to be ${modelError}.`, 'input', 'model')
    const { provider: providerName, name } = parseModelId(modelId)
    const provider = providers.find((each) => each.name === providerName)
    if (!provider) return { id: modelId, name, ...offline }
    const { toolbox, maxSteps, idleTimeoutMs } = this.#options
    const secrets = provider.apiKey === null ? [] : [provider.apiKey]
    const contextWindow = provider.contextWindow ?? findContextWindow(name)
    const agentOptions = { model: createLanguageModel(provider, name), secrets, idleTimeoutMs }
    return {
      id: modelId,
      name,
      agent: createModelAgent({ ...agentOptions, toolbox, maxSteps }),
      textGenerator: createModelTextGenerator(createModelAgent({ ...agentOptions, maxSteps: 1 }), contextWindow),
      contextWindow,
    }
  }

  async #resolveDefaultId(): Promise<string> {
    if (this.#options.defaultModel !== null) return this.#options.defaultModel
    for (const provider of this.#options.providers) {
      const name = provider.models ? provider.models[0] : await this.#findDefaultModelName(provider)
      if (name) return `${provider.name}/${name}`
    }
    return `${offlineModelId.provider}/${offlineModelId.name}`
  }

  async #findDefaultModelName(provider: Provider): Promise<string | undefined> {
    const models = await this.#modelLists.get(provider)
    return models ? selectPreferredModel(provider.type, models) : fallbackDefaults[provider.type]
  }

  async #listModelNames(provider: Provider): Promise<readonly string[]> {
    return provider.models ?? (await this.#modelLists.get(provider))?.map(({ name }) => name) ?? []
  }
}

function parseModelId(id: string): { provider: string; name: string } {
  const slash = id.indexOf('/')
  return { provider: id.slice(0, slash), name: id.slice(slash + 1) }
}
