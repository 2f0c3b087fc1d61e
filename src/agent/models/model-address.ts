import { formatModelId } from '../../config/profile/model-id.ts'
import type { Provider } from '../../config/profile/provider.ts'
import type { ModelEndpoint } from '../../model/model-observation.ts'

/** Under what is remembered of a model of a provider. */
export function toModelAddress({ name: provider, baseURL }: Provider, name: string): ModelEndpoint {
  return { model: formatModelId({ provider, name }), baseURL: baseURL ?? '' }
}
