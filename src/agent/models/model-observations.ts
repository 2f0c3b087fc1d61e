import {
  type DetectedModelProperty,
  type ModelEndpoint,
  type ModelObservation,
  toModelEndpointKey,
} from '../../model/model-observation.ts'
import type { Effort } from '../../model/answer-settings/effort.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ModelObservationStore } from '../../storage/model-observation-store.ts'
import type { ContentOmissions } from '../content-omissions.ts'
import type { ModelObserver } from '../model-agent/model-observer.ts'
import { ContextSizeObservations } from './context-size-observations.ts'
import { listRefusedProperties, readOmissions, refusalTtlMs } from './content-support/refused-content.ts'

/** What requests have shown about the models of a profile. Stored, so that it outlives the server. */
export class ModelObservations {
  /** How long requests may be, and how tokens are counted. */
  readonly contextSizes: ContextSizeObservations
  readonly #store: ModelObservationStore
  readonly #log: Logger
  readonly #byEndpoint = new Map<string, Map<DetectedModelProperty, ModelObservation>>()
  readonly #omittedTools = new Map<string, readonly string[]>()
  #loading: Promise<void> | null = null

  constructor(store: ModelObservationStore, log: Logger) {
    this.#store = store
    this.#log = log
    this.contextSizes = new ContextSizeObservations({
      find: (address, property) => this.#find(address, property),
      save: (address, property, value) => this.#save(address, property, value),
    })
  }

  /** Loads what is stored, once. Never rejects: without it, everything is learned again. */
  load(): Promise<void> {
    this.#loading ??= this.#readStore()
    return this.#loading
  }

  /** Whether tools, or images, were used (true) or refused (false) last. Null if neither has happened. */
  findSupport(address: ModelEndpoint, property: 'supportsTools' | 'supportsImages'): boolean | null {
    const observation = this.#find(address, property)
    return observation && observation.value === 1
  }

  /** The names of the tools that the latest request to a model left out. */
  findOmittedTools({ model }: ModelEndpoint): readonly string[] {
    return this.#omittedTools.get(model) ?? []
  }

  /** Those of these efforts that the provider of a model has not refused lately. */
  omitRefusedEfforts(address: ModelEndpoint, efforts: readonly Effort[]): readonly Effort[] {
    const { efforts: refused } = this.createObserver(address).omissions
    return efforts.filter((effort) => !refused.has(effort))
  }

  /** Observes the requests to a model, which take at most `maxImages` images. */
  createObserver(address: ModelEndpoint, maxImages = Number.POSITIVE_INFINITY): ModelObserver {
    const findObservations = () => this.#byEndpoint.get(toModelEndpointKey(address)) ?? new Map<never, never>()
    const offersTools = (): boolean => {
      const observation = this.#find(address, 'supportsTools')
      return observation?.value !== 0 || Date.now() - observation.observedAt >= refusalTtlMs
    }
    return {
      get offersTools() {
        return offersTools()
      },
      get omissions() {
        return readOmissions(findObservations(), maxImages)
      },
      reportRefusedContent: (refused) => this.#reportRefusedContent(address, refused),
      reportImagesAccepted: () => {
        if (this.findSupport(address, 'supportsImages') !== true) this.#save(address, 'supportsImages', 1)
      },
      reportToolSupport: (isSupported) => {
        if (!isSupported)
          this.#log.info(
            { model: address.model },
            'The provider of a model refused tools. The model gets none for an hour.',
          )
        if (!isSupported || this.findSupport(address, 'supportsTools') !== true)
          this.#save(address, 'supportsTools', isSupported ? 1 : 0)
      },
      contextSize: this.contextSizes.createObserver(address),
      reportOmittedTools: (names) => this.#reportOmittedTools(address, names),
    }
  }

  #reportRefusedContent(address: ModelEndpoint, refused: Partial<ContentOmissions>): void {
    for (const [property, value] of listRefusedProperties(refused)) {
      this.#log.info(
        { model: address.model, property, value },
        'The provider of a model refused content of a chat. Requests to the model leave it out for some time.',
      )
      this.#save(address, property, value)
    }
  }

  #reportOmittedTools(address: ModelEndpoint, names: readonly string[]): void {
    const { model } = address
    if (names.join() === this.findOmittedTools(address).join()) return
    this.#omittedTools.set(model, names)
    if (names.length > 0)
      this.#log.warn(
        { model, tools: names },
        'Tools were left out, because a request to the model has no room for more.',
      )
  }

  #find(address: ModelEndpoint, property: DetectedModelProperty): ModelObservation | null {
    return this.#byEndpoint.get(toModelEndpointKey(address))?.get(property) ?? null
  }

  #save(address: ModelEndpoint, property: DetectedModelProperty, value: number): void {
    const observation = { ...address, property, value, observedAt: Date.now() }
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
    const key = toModelEndpointKey(observation)
    const observations = this.#byEndpoint.get(key) ?? new Map<DetectedModelProperty, ModelObservation>()
    this.#byEndpoint.set(key, observations.set(observation.property, observation))
  }
}
