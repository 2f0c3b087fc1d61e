import { noToolImageSupport } from '../models/image-support.ts'
import type { OfflineModel } from '../models/model-registry.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { unscaledTokenCounter } from '../tokens/token-counter.ts'
import { createElizaAgent } from './eliza-agent.ts'
import { offlineSummaryGenerator } from './offline-summary-generator.ts'

/** Creates the model `offline/eliza`. Its context window is unlimited. */
export function createOfflineModel(options: { readonly delayMs: number; readonly toolbox: Toolbox }): OfflineModel {
  return {
    agent: createElizaAgent(options),
    textGenerator: offlineSummaryGenerator,
    contextWindow: Number.POSITIVE_INFINITY,
    statedContextWindow: Number.POSITIVE_INFINITY,
    maxOutputTokens: null,
    tokenCounter: unscaledTokenCounter,
    reservedTokens: 0,
    toolImages: noToolImageSupport,
  }
}
