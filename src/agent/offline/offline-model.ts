import { noToolImageSupport } from '../models/content-support/image-support.ts'
import { defaultEfforts } from '../../model/answer-settings/effort.ts'
import type { OfflineModel } from '../models/resolved-model.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { unscaledTokenCounter } from '../tokens/token-counter.ts'
import { type ModelPrices, noModelPrices } from '../../usage/model-prices.ts'
import { formatModelId, offlineModelId } from '../../config/profile/model-id.ts'
import { createElizaAgent } from './eliza-agent.ts'
import { createOfflineSummaryGenerator } from './offline-summary-generator.ts'

export interface OfflineModelOptions {
  readonly delayMs: number
  readonly toolbox: Toolbox
  /** Default: none. */
  readonly prices?: ModelPrices
}

/** Creates the model `offline/eliza`. Its context window is unlimited. */
export function createOfflineModel({ prices = noModelPrices, ...options }: OfflineModelOptions): OfflineModel {
  return {
    agent: createElizaAgent(options),
    textGenerator: createOfflineSummaryGenerator(prices.find(formatModelId(offlineModelId))),
    contextWindow: Number.POSITIVE_INFINITY,
    statedContextWindow: Number.POSITIVE_INFINITY,
    isContextWindowKnown: false,
    maxOutputTokens: null,
    tokenCounter: unscaledTokenCounter,
    reservedTokens: 0,
    countToolTokens: async () => 0,
    efforts: defaultEfforts,
    toolImages: noToolImageSupport,
    pdfs: null,
  }
}
