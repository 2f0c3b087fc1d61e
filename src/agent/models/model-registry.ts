import type { ProviderType, Provider } from '../../config/profile/provider.ts'
import { configuredModels, modelFault } from '../../config/profile/providers.ts'
import { badInput } from '../../lib/errors.ts'
import type { Agent, Writer } from '../agent.ts'
import { windowOf } from './context-window.ts'
import { languageModel } from '../providers/create-language-model.ts'
import { modelAgent } from '../model-agent/model-agent.ts'
import { modelWriter } from '../text-generation/model-text-generator.ts'
import { preferredModel } from './fetch-models.ts'
import { ModelLists } from './model-list-cache.ts'
import type { WarningLog } from './model-list-cache.ts'
import type { Toolbox } from '../tools/toolbox.ts'

/** A model as people choose it. */
export interface Model {
  /** The provider's name, a slash, and the model's name there, which may hold slashes itself. */
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly isDefault: boolean
}

export interface FoundModel {
  readonly id: string
  readonly name: string
  readonly agent: Agent
  readonly writer: Writer
  /** How many tokens its context holds. */
  readonly window: number
}

export interface ModelsOptions {
  /** In the order in which they are listed and looked at for a default. */
  readonly providers: readonly Provider[]
  /** What answers as `offline/eliza`. */
  readonly offline: Pick<FoundModel, 'agent' | 'writer' | 'window'>
  /** What models may use, and how many requests an answer may take. */
  readonly toolbox: Toolbox
  readonly maxSteps: number
  /** Null: the first provider that has a usable model has the default one. */
  readonly defaultModel: string | null
  readonly log: WarningLog
  /** Milliseconds after which a provider that sends nothing has failed. */
  readonly silence: number
}

const offlineModel = { provider: 'offline', name: 'eliza' }

/** What is the default at a provider that is there by its key and cannot be asked right now. */
const wellKnown: Readonly<Partial<Record<ProviderType, string>>> = { openai: 'gpt-5.1', anthropic: 'claude-sonnet-4-5' }

/** The models that can be chosen. */
export class Models {
  readonly #options: ModelsOptions
  readonly #lists: ModelLists

  constructor(options: ModelsOptions) {
    this.#options = options
    this.#lists = new ModelLists(options.log)
  }

  /** Provider by provider, the offline one last. One that cannot be asked has what it had before, or nothing. */
  async list(): Promise<Model[]> {
    const { providers } = this.#options
    const lists = await Promise.all(providers.map((provider) => this.#namesOf(provider)))
    const defaultId = await this.#defaultId()
    const chosen = parseModelId(defaultId)
    const listed = providers.flatMap((provider, index) => {
      const names = new Set(lists[index])
      // A default that its provider does not list, or cannot list now, can be chosen all the same.
      if (chosen.provider === provider.name && provider.models === null) names.add(chosen.name)
      return [...names].map((name) => ({ provider: provider.name, name }))
    })
    return [...listed, offlineModel].map(({ provider, name }) => {
      const id = `${provider}/${name}`
      return { id, provider, name, isDefault: id === defaultId }
    })
  }

  /**
   * What answers under this id; null means the default. Throws BAD_USER_INPUT for an id that names nothing. A provider
   * that was not told its models has every name: it refuses itself what it does not know.
   */
  async find(id: string | null): Promise<FoundModel> {
    const wanted = id ?? (await this.#defaultId())
    const { providers, offline } = this.#options
    const wrong = modelFault(wanted, configuredModels(providers))
    if (wrong !== null) throw badInput(`The model ${JSON.stringify(wanted)} has to be ${wrong}.`, 'input', 'model')
    const { provider: providerName, name } = parseModelId(wanted)
    const provider = providers.find((each) => each.name === providerName)
    if (!provider) return { id: wanted, name, ...offline }
    const { toolbox, maxSteps, silence } = this.#options
    const secrets = provider.apiKey === null ? [] : [provider.apiKey]
    const window = provider.contextWindow ?? windowOf(name)
    const asked = { model: languageModel(provider, name), secrets, silence }
    return {
      id: wanted,
      name,
      agent: modelAgent({ ...asked, toolbox, maxSteps }),
      writer: modelWriter(modelAgent({ ...asked, maxSteps: 1 }), window),
      window,
    }
  }

  async #defaultId(): Promise<string> {
    if (this.#options.defaultModel !== null) return this.#options.defaultModel
    for (const provider of this.#options.providers) {
      const name = provider.models ? provider.models[0] : await this.#preferred(provider)
      if (name) return `${provider.name}/${name}`
    }
    return `${offlineModel.provider}/${offlineModel.name}`
  }

  async #preferred(provider: Provider): Promise<string | undefined> {
    const models = await this.#lists.of(provider)
    return models ? preferredModel(provider.type, models) : wellKnown[provider.type]
  }

  async #namesOf(provider: Provider): Promise<readonly string[]> {
    return provider.models ?? (await this.#lists.of(provider))?.map(({ name }) => name) ?? []
  }
}

function parseModelId(id: string): { provider: string; name: string } {
  const slash = id.indexOf('/')
  return { provider: id.slice(0, slash), name: id.slice(slash + 1) }
}
