import { defaultEfforts, type Effort } from '../../model/answer-settings/effort.ts'
import { formatModelId, offlineModelId } from '../../config/profile/model-id.ts'

/** A model that a user can choose. */
export interface ModelInfo {
  /** `<provider>/<name>`. The name may contain slashes. */
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly isDefault: boolean
  /** In tokens; null while neither the configuration, nor its provider's list, nor a refusal says it. */
  readonly contextWindow: number | null
  /** False once its provider has refused tools for it; null while nothing is known. */
  readonly supportsTools: boolean | null
  /** Likewise for images. */
  readonly supportsImages: boolean | null
  /** The efforts that it takes, least first, without those that its provider has refused lately. */
  readonly efforts: readonly Effort[]
  /** The names of the tools that the latest request left out, because of the provider's limits or the context window. */
  readonly omittedTools: readonly string[]
}

/** The only model of a profile that has no providers, such as one that does not exist yet. */
export const offlineModelInfo: ModelInfo = {
  id: formatModelId(offlineModelId),
  ...offlineModelId,
  isDefault: true,
  contextWindow: null,
  supportsTools: true,
  supportsImages: true,
  efforts: defaultEfforts,
  omittedTools: [],
}
