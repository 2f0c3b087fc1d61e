import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../../src/config/settings.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { type Client, connect, type Transport } from './clients.ts'

export interface TestEnvironment extends AsyncDisposable {
  readonly segue: TestSegue
  /** The provider of `local/test`, the default model. */
  readonly provider: StrictProvider
  readonly client: Client
  /** Connects another client to the same server. */
  connect(transport: Transport): Client
}

export interface TestEnvironmentOptions {
  /** Fills the state.db of a Hermes agent. Default: no Hermes agent. */
  readonly fillHermes?: (db: HermesDb) => void
  /** The names of the models of the provider `local`; the first is the default model. Default: `test`. */
  readonly models?: readonly [string, ...string[]]
  /** The context window of the model, in tokens. Default: derived from its name. */
  readonly contextWindow?: number
  readonly settings?: Partial<Settings>
}

/** Starts a server with a scripted provider and connects a client. */
export async function newTestEnvironment(
  transport: Transport,
  options: TestEnvironmentOptions = {},
): Promise<TestEnvironment> {
  const { fillHermes, models = ['test'], contextWindow = null, settings = {} } = options
  await using resources = new AsyncDisposableStack()
  const provider = resources.use(await StrictProvider.start({ models }))
  let hermesHome: string | null = null
  if (fillHermes) {
    hermesHome = resources.adopt(newTempFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
    const db = resources.adopt(new HermesDb(join(hermesHome, 'state.db')), (open) => open.close())
    fillHermes(db)
  }
  const local = newProvider({ name: 'local', baseURL: provider.baseURL, models, contextWindow })
  const segue = resources.use(
    await startTestSegue({ settings: { providers: [local], model: `local/${models[0]}`, hermesHome, ...settings } }),
  )
  const client = resources.use(connect(transport, segue.url))
  const ownedResources = resources.move()
  return {
    segue,
    provider,
    client,
    connect: (by) => ownedResources.use(connect(by, segue.url)),
    [Symbol.asyncDispose]: () => ownedResources.disposeAsync(),
  }
}
