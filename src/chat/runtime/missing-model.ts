import { noOmissions } from '../../agent/content-omissions.ts'
import { noToolImageSupport } from '../../agent/models/content-support/image-support.ts'
import { AgentError } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import { unscaledTokenCounter } from '../../agent/tokens/token-counter.ts'

/**
 * A model that fails every request with MODEL_NOT_FOUND. It stands for a model that existed when a message was queued,
 * and is gone when its turn starts: the stream then fails like any other.
 */
export function createMissingModel(id: string, cause: unknown): ResolvedModel {
  const createNotFoundError = () =>
    new AgentError('MODEL_NOT_FOUND', `The model ${id} is no longer available. Choose another one.`, { cause })
  const rejectNotFound = () => Promise.reject(createNotFoundError())
  return {
    id,
    name: id,
    agent: {
      // oxlint-disable-next-line require-yield
      async *answer() {
        throw createNotFoundError()
      },
    },
    textGenerator: { generateSummary: rejectNotFound, generateTitle: rejectNotFound },
    contextWindow: Number.POSITIVE_INFINITY,
    statedContextWindow: Number.POSITIVE_INFINITY,
    isContextWindowKnown: false,
    maxOutputTokens: null,
    tokenCounter: unscaledTokenCounter,
    reservedTokens: 0,
    countToolTokens: async () => 0,
    efforts: [],
    toolImages: noToolImageSupport,
    pdfs: null,
    omissions: noOmissions,
    dialect: null,
  }
}
