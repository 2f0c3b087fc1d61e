import type { ModelEndpoint, ModelObservation, DetectedModelProperty } from '../../model/model-observation.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ModelObservationStore } from '../../storage/model-observation-store.ts'
import type { ModelObserver } from '../model-agent/model-observer.ts'
import { ContextSizeObservations } from './context-size-observations.ts'

/** How long a model is offered no tools after its provider has refused them. The server may be configured otherwise. */
const toolRefusalTtlMs = 60 * 60_000

/** What requests have shown about the models of a profile. Stored, so that it outlives the server. */
export class ModelObservations {
  /** How long requests may be, and how tokens are counted. */
  readonly contextSizes: ContextSizeObservations
  readonly #store: ModelObservationStore
  readonly #log: Logger
  readonly #observations = new Map<string, ModelObservation>()
  readonly #omittedTools = new Map<string, readonly string[]>()
  #loading: Promise<void> | null = null

  constructor(store: ModelObservationStore, log: Logger) {
    this.#store = store
    this.#log = log
    this.contextSizes = new ContextSizeObservations({
      find: (address, property) => this.#find(address, property),
      save: (address, property, value) => this.#save({ ...address, property, value, observedAt: Date.now() }),
    })
  }

  /** Loads what is stored, once. Never rejects: without it, everything is learned again. */
  load(): Promise<void> {
    this.#loading ??= this.#readStore()
    return this.#loading
  }

  /** Whether tools were used (true) or refused (false) last. Null if neither has happened. */
  findToolSupport(address: ModelEndpoint): boolean | null {
    const observation = this.#find(address, 'supportsTools')
    return observation && observation.value === 1
  }

  /** The names of the tools that the latest request to a model left out. */
  findOmittedTools({ model }: ModelEndpoint): readonly string[] {
    return this.#omittedTools.get(model) ?? []
  }

  /** Observes the requests to a model. */
  createObserver(address: ModelEndpoint): ModelObserver {
    const offersTools = (): boolean => {
      const observation = this.#find(address, 'supportsTools')
      return observation?.value !== 0 || Date.now() - observation.observedAt >= toolRefusalTtlMs
    }
    return {
      get offersTools() {
        return offersTools()
      },
      reportToolSupport: (isSupported) => {
        if (!isSupported)
          this.#log.info(
            { model: address.model },
            'The provider of a model refused tools. The model gets none for an hour.',
          )
        if (!isSupported || this.findToolSupport(address) !== true)
          this.#save({ ...address, property: 'supportsTools', value: isSupported ? 1 : 0, observedAt: Date.now() })
      },
      contextSize: this.contextSizes.createObserver(address),
      reportOmittedTools: (names) => this.#reportOmittedTools(address, names),
    }
  }

  #reportOmittedTools({ model }: ModelEndpoint, names: readonly string[]): void {
    const previousNames = this.findOmittedTools({ model, baseURL: '' })
    if (names.join() === previousNames.join()) return
    this.#omittedTools.set(model, names)
    if (names.length > 0)
      this.#log.warn(
        { model, tools: names },
        'Tools were left out, because a request to the model has no room for more.',
      )
  }

  #find({ model, baseURL }: ModelEndpoint, property: DetectedModelProperty): ModelObservation | null {
    return this.#observations.get(toKey(model, baseURL, property)) ?? null
  }

  #save(observation: ModelObservation): void {
    this.#remember(observation)
    this.#store
      .save(observation)
      .catch((error: unknown) =>
        this.#log.warn({ err: error, model: observation.model }, 'What was learned of a model could not be stored.'),
      )
  }

  async #readStore(): Promise<void> {
    try {
      for (const observation of await this.#store.list()) this.#remember(observation)
    } catch (error) {
      this.#log.warn({ err: error }, 'What was learned of models could not be read.')
    }
  }

  #remember(observation: ModelObservation): void {
    this.#observations.set(toKey(observation.model, observation.baseURL, observation.property), observation)
  }
}

function toKey(model: string, baseURL: string, property: DetectedModelProperty): string {
  return JSON.stringify([model, baseURL, property])
}
