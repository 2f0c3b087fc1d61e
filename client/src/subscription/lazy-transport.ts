import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import type { SubscriptionTransport } from './transport.ts'

/** A transport whose module is loaded with the first subscription. */
export function createLazyTransport(load: () => Promise<SubscriptionTransport>): SubscriptionTransport {
  let loading: Promise<SubscriptionTransport> | null = null
  return {
    async *subscribe(operation, signal) {
      loading ??= load()
      const transport = await loading.catch((error: unknown) => {
        loading = null
        throw new ConnectionLostError('A part of the library could not be loaded.', { cause: error })
      })
      if (!signal.aborted) yield* transport.subscribe(operation, signal)
    },
    close: () => void loading?.then((transport) => transport.close()).catch(() => undefined),
  }
}
