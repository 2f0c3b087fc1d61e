import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../../src/config/settings.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { newFolder, newSegue, type TestSegue } from '../../support/server/segue.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { type Client, connect, type Transport } from './clients.ts'

export interface World extends AsyncDisposable {
  readonly segue: TestSegue
  /** What answers as `local/test`, the default model. */
  readonly provider: StrictProvider
  readonly client: Client
  /** Another client of the same server. */
  connect(transport: Transport): Client
}

export interface WorldOptions {
  /** Fills the state.db of a Hermes agent; without it there is none. */
  readonly hermes?: (db: HermesDb) => void
  /** How many tokens the model's context holds; as many as its name tells by default. */
  readonly contextWindow?: number
  readonly settings?: Partial<Settings>
}

/** A whole server with a provider whose answers are scripted, and a client of it. */
export async function newWorld(transport: Transport, options: WorldOptions = {}): Promise<World> {
  const { hermes, contextWindow = null, settings = {} } = options
  await using made = new AsyncDisposableStack()
  const provider = made.use(await StrictProvider.start())
  let hermesHome: string | null = null
  if (hermes) {
    hermesHome = made.adopt(newFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
    const db = made.adopt(new HermesDb(join(hermesHome, 'state.db')), (open) => open.close())
    hermes(db)
  }
  const local = newProvider({ name: 'local', baseURL: provider.baseURL, models: ['test'], contextWindow })
  const segue = made.use(
    await newSegue({ settings: { providers: [local], model: 'local/test', hermesHome, ...settings } }),
  )
  const client = made.use(connect(transport, segue.url))
  const kept = made.move()
  return {
    segue,
    provider,
    client,
    connect: (by) => kept.use(connect(by, segue.url)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
