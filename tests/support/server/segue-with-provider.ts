import type { ServerLimits } from '../../../src/config/limits.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { ChatClient } from '../clients/chat-client.ts'
import { newProvider } from '../providers/provider.ts'
import { EventReader } from '../clients/reader.ts'
import { startTestSegue, testLimits, type TestSegue, type TestSegueOptions } from './segue.ts'
import { StrictProvider } from '../providers/strict-provider.ts'

/** The API key of the provider. It must not appear in any response. */
export const providerKey = 'sk-test-9876543210abcdef'

export interface SegueWithProvider extends AsyncDisposable {
  readonly segue: TestSegue
  readonly provider: StrictProvider
  readonly client: ChatClient
  /** Another client, with a socket of its own. It is disposed with the server. */
  newClient(): ChatClient
  /** Follows a stream from a cursor. */
  newReader(streamId: string, after?: number): EventReader
}

export interface SegueWithProviderOptions extends Pick<TestSegueOptions, 'heartbeat' | 'createToolSource'> {
  readonly limits?: Partial<ServerLimits>
  readonly settings?: Partial<Settings>
  /** The context window of the models, in tokens. Default: derived from their names. */
  readonly contextWindow?: number
}

/** Starts a server, a provider whose model is `strict/test`, and a client. `await using` closes all three. */
export async function startSegueWithProvider({
  limits = {},
  settings = {},
  contextWindow,
  ...options
}: SegueWithProviderOptions = {}): Promise<SegueWithProvider> {
  await using resources = new AsyncDisposableStack()
  const provider = resources.use(await StrictProvider.start({ apiKey: providerKey }))
  const segue = resources.use(
    await startTestSegue({
      ...options,
      settings: {
        model: 'strict/test',
        providers: [
          newProvider({
            name: 'strict',
            baseURL: provider.baseURL,
            apiKey: providerKey,
            models: ['test', 'other'],
            ...(contextWindow !== undefined && { contextWindow }),
          }),
        ],
        limits: { ...testLimits, ...limits },
        ...settings,
      },
    }),
  )
  const clients = resources.use(new AsyncDisposableStack())
  const newClient = (): ChatClient => clients.use(new ChatClient(segue.url))
  const client = newClient()
  const owned = resources.move()
  return {
    segue,
    provider,
    client,
    newClient,
    newReader: (streamId, after = 0) => new EventReader(client.followStream(streamId, after)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
