import type { ProfileServices } from './services/profile-services.ts'
import { ProfileRegistry, type ProfileRegistryOptions } from './services/profile-registry.ts'
import { type Server, type ServerOptions, startServer } from './server/server.ts'
import { lockHome } from './storage/sqlite/database/home-lock.ts'

export interface SegueOptions extends ProfileRegistryOptions {
  readonly heartbeat?: ServerOptions['heartbeat']
}

export interface Segue {
  /** As in http://127.0.0.1:4000. */
  readonly url: string
  readonly profiles: ProfileRegistry
  /** That of the profile `default`. */
  readonly defaultProfile: ProfileServices
  /** Saves what is being made, says goodbye to those who follow, and lets go of the home. */
  close(): Promise<void>
}

/**
 * The server, put together: the home is locked, what an earlier process left behind is ended, then it listens. Rejects
 * with SettingsError, HomeInUseError, UnusableHomeError, NewerDatabaseError, UnusableDatabaseError, or what `listen` says
 * of the port; nothing stays open then.
 */
export async function startSegue({ heartbeat, ...options }: SegueOptions): Promise<Segue> {
  await using resources = new AsyncDisposableStack()
  const { settings, log } = options
  const lock = lockHome(settings.home)
  resources.defer(() => lock.release())
  const profiles = await ProfileRegistry.load(options)
  resources.defer(() => profiles.close())
  const server: Server = await startServer({ ...settings, log, profiles, ...(heartbeat && { heartbeat }) })
  resources.defer(() => server.close())
  // First of all: those who follow are told how it ended before they are let go of.
  resources.defer(() => profiles.stopChats())

  const ownedResources = resources.move()
  return {
    url: server.url,
    profiles,
    defaultProfile: await profiles.openDefault(),
    close: () => ownedResources.disposeAsync(),
  }
}
