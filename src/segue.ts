import type { Domain } from './services/profile-services.ts'
import { Domains, type DomainsOptions } from './services/profile-registry.ts'
import { type Server, type ServerOptions, startServer } from './server/server.ts'
import { lockHome } from './storage/sqlite/database/home-lock.ts'

export interface SegueOptions extends DomainsOptions {
  readonly alive?: ServerOptions['alive']
}

export interface Segue {
  /** As in http://127.0.0.1:4000. */
  readonly url: string
  readonly domains: Domains
  /** That of the profile `default`. */
  readonly domain: Domain
  /** Saves what is being made, says goodbye to those who follow, and lets go of the home. */
  close(): Promise<void>
}

/**
 * The server, put together: the home is locked, what an earlier process left behind is ended, then it listens. Rejects
 * with SettingsError, HomeInUseError, UnusableHomeError, NewerDatabaseError, UnusableDatabaseError, or what `listen` says
 * of the port; nothing stays open then.
 */
export async function startSegue({ alive, ...options }: SegueOptions): Promise<Segue> {
  await using opened = new AsyncDisposableStack()
  const { settings, log } = options
  const lock = lockHome(settings.home)
  opened.defer(() => lock.release())
  const domains = await Domains.open(options)
  opened.defer(() => domains.close())
  const server: Server = await startServer({ ...settings, log, domains, ...(alive && { alive }) })
  opened.defer(() => server.close())
  // First of all: those who follow are told how it ended before they are let go of.
  opened.defer(() => domains.endChats())

  const running = opened.move()
  return { url: server.url, domains, domain: await domains.default(), close: () => running.disposeAsync() }
}
