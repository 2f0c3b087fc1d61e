import { readInBatches } from '../../lib/async/iterables/read-in-batches.ts'
import type { ResponsePart, SdkModel, SdkRequest } from './responses/sdk-types.ts'

/** How many parts of a response are read ahead. */
const maxBatch = 256

/** A model of a provider, as requests are sent to it. */
export interface ProviderModel extends Pick<SdkModel, 'provider' | 'supportedUrls'> {
  /**
   * Sends a request, and yields the parts of its response, those that arrive together at once. Calls `onResponse` when the
   * provider begins to respond. Throws the error of the request, or of the response after the parts before it.
   */
  stream(request: SdkRequest, onResponse: () => void): AsyncGenerator<readonly ResponsePart[], void, void>
}

/**
 * A model whose responses a package of the AI SDK reads.
 *
 * @param load Loads the package, and creates the model. Called once, when the model is first used.
 */
export function createSdkProviderModel(provider: string, load: () => Promise<SdkModel>): ProviderModel {
  let model: Promise<SdkModel> | null = null
  const loadOnce = (): Promise<SdkModel> => (model ??= load())
  return {
    provider,
    get supportedUrls() {
      return loadOnce().then(({ supportedUrls }) => supportedUrls)
    },
    async *stream(request, onResponse) {
      const sdkModel = await loadOnce()
      const { stream } = await sdkModel.doStream(request)
      onResponse()
      yield* readInBatches(stream, maxBatch)
    },
  }
}
