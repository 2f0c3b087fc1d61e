import { LruCache } from '../../lib/lru-cache.ts'
import {
  type DetectedModelProperty,
  type ModelEndpoint,
  type ModelObservation,
  toModelEndpointKey,
} from '../../model/model-observation.ts'
import type { ContextSizeObserver, RequestTokenCount } from '../model-agent/context-size-observer.ts'

/** Where observations are remembered. */
export interface ModelObservationMemory {
  find(address: ModelEndpoint, property: DetectedModelProperty): ModelObservation | null
  save(address: ModelEndpoint, property: DetectedModelProperty, value: number): void
}

/** How long a learned context window counts. The server may be started again with another one. */
const contextWindowTtlMs = 24 * 60 * 60_000
/**
 * After so long, an assumed context window is tried at twice its size, and so on. The refusals may have been a fault of the
 * server, and requests that keep to the assumption never show that more would be accepted.
 */
const assumptionDoublingMs = 60 * 60_000
/** A scale is stored as a whole number. */
const scaleUnit = 1_000
/**
 * Scales outside of this range come from counts that are wrong: those without a cached beginning, or of a prompt that the
 * server has cut without a word.
 */
const [minScale, maxScale] = [0.7, 4]
/** What stands around a chat weighs too much in shorter requests. In tokens. */
const minLearnedTokens = 100
/** How much a new count changes the scale. A count that is too low costs a refusal, so a higher one is believed faster. */
const [risingWeight, fallingWeight] = [0.5, 0.25]
/** A bound, because clients choose the names of models. */
const maxModels = 1_000
/** Smaller changes of a scale are ignored, because each one changes where long contexts are cut. */
const minScaleChange = 0.05

/** What requests have shown about the context windows of models, and about how they count tokens. */
export class ContextSizeObservations {
  readonly #memory: ModelObservationMemory
  /** Scales as they are learned, by model and server. */
  readonly #exactScales = new LruCache<string, number>(maxModels)
  readonly #reservedTokens = new LruCache<string, number>(maxModels)

  constructor(memory: ModelObservationMemory) {
    this.#memory = memory
  }

  /** The context window that a refusal of the last 24 hours named, in tokens. Null if there was none. */
  findContextWindow(address: ModelEndpoint): number | null {
    return this.#findRecent(address, 'contextWindow')?.value ?? null
  }

  /**
   * The context window that is assumed after refusals of the last 24 hours that named none. It doubles every hour. Null if
   * there were none.
   */
  findAssumedContextWindow(address: ModelEndpoint): number | null {
    const observation = this.#findRecent(address, 'assumedContextWindow')
    return observation && observation.value * 2 ** Math.floor(getAgeMs(observation) / assumptionDoublingMs)
  }

  /** How many of the model's tokens an estimated token is. 1 while nothing is known. */
  findTokenScale(address: ModelEndpoint): number {
    const observation = this.#memory.find(address, 'tokenScale')
    return observation ? clampScale(observation.value / scaleUnit) : 1
  }

  /** What the latest request had beside the messages of the chat. 0 if there was none since the server started. */
  findReservedTokens(address: ModelEndpoint): number {
    return this.#reservedTokens.get(toModelEndpointKey(address)) ?? 0
  }

  createObserver(address: ModelEndpoint): ContextSizeObserver {
    const save = (property: DetectedModelProperty, value: number): void => this.#memory.save(address, property, value)
    return {
      reportContextWindow: (tokens) => save('contextWindow', tokens),
      reportAssumedContextWindow: (tokens) => save('assumedContextWindow', tokens),
      reportAcceptedTokens: (tokens) => {
        const assumed = this.findAssumedContextWindow(address)
        if (assumed !== null && tokens > assumed) save('assumedContextWindow', tokens)
      },
      reportTokenCount: (count) => this.#learnScale(address, count),
      reportReservedTokens: (tokens) => void this.#reservedTokens.set(toModelEndpointKey(address), tokens),
    }
  }

  #learnScale(address: ModelEndpoint, { estimatedTokens, countedTokens, isRefused }: RequestTokenCount): void {
    const observed = countedTokens / Math.max(1, estimatedTokens)
    const isPlausible = observed >= minScale && (isRefused || observed <= maxScale)
    if (!isPlausible || estimatedTokens < minLearnedTokens) return
    const stored = this.findTokenScale(address)
    const known = this.#exactScales.get(toModelEndpointKey(address)) ?? stored
    const weight = observed > known ? risingWeight : fallingWeight
    const scale = clampScale(isRefused ? Math.max(known, observed) : known + (observed - known) * weight)
    this.#exactScales.set(toModelEndpointKey(address), scale)
    if (Math.abs(scale - stored) >= stored * minScaleChange)
      this.#memory.save(address, 'tokenScale', Math.round(scale * scaleUnit))
  }

  #findRecent(address: ModelEndpoint, property: DetectedModelProperty): ModelObservation | null {
    const observation = this.#memory.find(address, property)
    return observation && getAgeMs(observation) < contextWindowTtlMs ? observation : null
  }
}

/** Not negative: the clock may have been set back. */
function getAgeMs({ observedAt }: ModelObservation): number {
  return Math.max(0, Date.now() - observedAt)
}

function clampScale(scale: number): number {
  return Math.min(maxScale, Math.max(minScale, scale))
}
