import type { ResponsePart, SdkModel, SdkRequest } from './responses/sdk-types.ts'

/** A model of a provider, as requests are sent to it. */
export interface ProviderModel extends Pick<SdkModel, 'provider' | 'supportedUrls'> {
  /**
   * Sends a request, and yields the parts of its response, those that arrive together at once. Calls `onResponse` when the
   * provider begins to respond. Throws the error of the request, or of the response after the parts before it.
   */
  stream(request: SdkRequest, onResponse: () => void): AsyncGenerator<readonly ResponsePart[], void, void>
}

/** A model whose responses the AI SDK's package reads. */
export function createSdkProviderModel(model: SdkModel): ProviderModel {
  const { provider, supportedUrls } = model
  return {
    provider,
    supportedUrls,
    async *stream(request, onResponse) {
      const { stream } = await model.doStream(request)
      onResponse()
      for await (const part of stream) yield [part]
    },
  }
}
