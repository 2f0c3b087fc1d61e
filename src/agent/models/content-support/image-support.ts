import type { ProviderType } from '../../../config/profile/provider.ts'
import type { Dialect } from '../../providers/dialect.ts'

/** How a model receives the images in the results of its tools. */
export interface ToolImageSupport {
  /**
   * - `in-result`: in the result itself.
   * - `after-results`: in a user's message after the results, because the format of the request has no other place.
   * - `none`: not at all, because it is not known that the model accepts images, and others refuse the whole request.
   */
  readonly placement: 'in-result' | 'after-results' | 'none'
  readonly mediaTypes: readonly string[]
  /** How many images one request may have. */
  readonly maxCount: number
}

/** A model that is sent no images of tools. */
export const noToolImageSupport: ToolImageSupport = { placement: 'none', mediaTypes: [], maxCount: 0 }

/** What is known of a model of a provider. `isKnown`: it has accepted images, or its provider's list says that it does. */
export function findToolImageSupport(
  type: ProviderType,
  { images }: Dialect,
  { name, isKnown }: { readonly name: string; readonly isKnown: boolean },
): ToolImageSupport {
  const { mediaTypes, maxCount, modelNames } = images
  const limits = { mediaTypes, maxCount }
  // Every model that has Anthropic's format accepts images.
  if (type === 'anthropic') return { placement: 'in-result', ...limits }
  return isKnown || modelNames.test(name) ? { placement: 'after-results', ...limits } : noToolImageSupport
}
