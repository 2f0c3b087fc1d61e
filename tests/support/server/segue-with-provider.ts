import { defaultLimits, type Limits } from '../../../src/config/limits.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { ChatClient } from '../clients/chat-client.ts'
import { newProvider } from '../providers/provider.ts'
import { EventReader } from '../clients/reader.ts'
import { startTestSegue, type TestSegue } from './segue.ts'
import { StrictProvider } from '../providers/strict-provider.ts'

/** What nobody must ever be shown. */
export const providerKey = 'sk-test-9876543210abcdef'

export interface SegueWithProvider extends AsyncDisposable {
  readonly segue: TestSegue
  readonly provider: StrictProvider
  readonly client: ChatClient
  /** Another client, with a socket of its own; closed with the rest. */
  newClient(): ChatClient
  /** Follows a stream from its start, or from after a seq. */
  newReader(streamId: string, after?: number): EventReader
}

export interface SegueWithProviderOptions {
  readonly limits?: Partial<Limits>
  readonly settings?: Partial<Settings>
}

/** The whole server, the provider that it asks as `strict/test`, and a client. `await using` closes all of it. */
export async function startSegueWithProvider({
  limits = {},
  settings = {},
}: SegueWithProviderOptions = {}): Promise<SegueWithProvider> {
  await using opened = new AsyncDisposableStack()
  const provider = opened.use(await StrictProvider.start({ apiKey: providerKey }))
  const segue = opened.use(
    await startTestSegue({
      settings: {
        model: 'strict/test',
        providers: [
          newProvider({
            name: 'strict',
            baseURL: provider.baseURL,
            apiKey: providerKey,
            models: ['test', 'other'],
          }),
        ],
        limits: { ...defaultLimits, ...limits },
        ...settings,
      },
    }),
  )
  const clients = opened.use(new AsyncDisposableStack())
  const newClient = (): ChatClient => clients.use(new ChatClient(segue.url))
  const client = newClient()
  const open = opened.move()
  return {
    segue,
    provider,
    client,
    newClient,
    newReader: (streamId, after = 0) => new EventReader(client.followStream(streamId, after)),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
