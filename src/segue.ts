import type { Logger } from 'pino'
import { discoverProviders } from './agent/discover.ts'
import { Models } from './agent/models.ts'
import { eliza } from './agent/offline/eliza-agent.ts'
import { Chats } from './chat/chats.ts'
import type { Provider } from './config/provider.ts'
import { configuredModels, modelFault } from './config/providers.ts'
import { type Settings, SettingsError } from './config/settings.ts'
import { openProfile, type ProfileOptions } from './profiles/profile.ts'
import type { Domain } from './schema/context.ts'
import { type Server, type ServerOptions, startServer } from './server/server.ts'
import { Conversations } from './sessions/conversations.ts'
import { Sessions } from './sessions/sessions.ts'
import { lockHome } from './storage/home-lock.ts'

export interface SegueOptions {
  readonly settings: Settings
  readonly log: Logger
  /** Where providers are looked for when none is configured. */
  readonly env: NodeJS.ProcessEnv
  readonly onStatement?: ProfileOptions['onStatement']
  readonly alive?: ServerOptions['alive']
}

export interface Segue {
  /** As in http://127.0.0.1:4000. */
  readonly url: string
  readonly domain: Domain
  /** Saves what is being made, says goodbye to those who follow, and lets go of the home. */
  close(): Promise<void>
}

/**
 * The server, put together: the home is locked, what an earlier process left behind is ended, then it listens. Rejects
 * with SettingsError, HomeInUseError, UnusableHomeError, NewerDatabaseError, UnusableDatabaseError, or what `listen` says
 * of the port; nothing stays open then.
 */
export async function startSegue({ settings, log, env, onStatement, alive }: SegueOptions): Promise<Segue> {
  await using opened = new AsyncDisposableStack()
  const lock = lockHome(settings.home)
  opened.defer(() => lock.release())
  const profile = openProfile({ ...settings, log, ...(onStatement && { onStatement }) })
  opened.defer(() => profile.close())

  const models = new Models({
    providers: settings.providers ?? (await foundProviders(settings, env)),
    offline: eliza({ delayMs: settings.offlineDelay }),
    defaultModel: settings.model,
    silence: settings.limits.modelSilenceSeconds * 1000,
    log,
  })
  const sessions = new Sessions(profile)
  const onProblem = (error: unknown, what: string): void => log.error({ err: error }, what)
  const chats = new Chats({ profile, sessions, models, onProblem, mostStreams: settings.limits.streams })
  const recovered = await chats.recover()
  if (recovered > 0) log.info({ streams: recovered }, 'ended the streams that the last stop had cut off')

  const conversations = new Conversations(profile, sessions)
  const domain = { profile, sessions, conversations, chats, models }
  const server: Server = await startServer({ ...settings, log, domain, ...(alive && { alive }) })
  opened.defer(() => server.close())
  opened.defer(() => chats.close())

  const running = opened.move()
  return { url: server.url, domain, close: () => running.disposeAsync() }
}

/** Those that are there by themselves. Throws a SettingsError when the model that was chosen is of none of them. */
async function foundProviders({ model }: Settings, env: NodeJS.ProcessEnv): Promise<Provider[]> {
  const providers = await discoverProviders(env)
  const wrong = model === null ? null : modelFault(model, configuredModels(providers))
  if (wrong === null) return providers
  throw new SettingsError([
    `model: ${JSON.stringify(model)} has to be ${wrong}. openai and anthropic are there when OPENAI_API_KEY or ` +
      'ANTHROPIC_API_KEY is set, ollama when it answers on this machine, others when config.json names them',
  ])
}
