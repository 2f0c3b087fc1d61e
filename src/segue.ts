import { findExposure } from './lib/files/private-files.ts'
import type { Settings } from './config/settings.ts'
import type { DatabaseSettings } from './config/storage/resolve-database.ts'
import { HttpClient } from './lib/http/http-client.ts'
import type { Logger } from './lib/logger.ts'
import { Readiness } from './lib/telemetry/readiness.ts'
import { MutableLiveValue } from './config/reload/live-value.ts'
import { IdleGarbageCollector } from './lib/event-loop/idle-garbage-collector.ts'
import { createMetricsHandler } from './observability/metrics-handler.ts'
import { createServerTelemetry } from './observability/create-server-telemetry.ts'
import { AccessTokens } from './server/auth/access-tokens.ts'
import { JwtAuthentication } from './server/auth/oidc/jwt-authentication.ts'
import { loadSignInKey } from './server/sign-in/sign-in-key.ts'
import { SignInCookies } from './server/sign-in/sign-in-cookie.ts'
import { startServer, type ServerOptions } from './server/server.ts'
import { hashConfiguration } from './services/catalog/hash-configuration.ts'
import { ProfileRegistry, type ProfileRegistryOptions } from './services/profile-registry.ts'
import type { ProfileServices } from './services/profile-services.ts'
import type { PostgresInstallation } from './storage/postgres/postgres-installation.ts'
import { lockHome } from './storage/sqlite/database/home-lock.ts'

export interface SegueOptions extends Omit<ProfileRegistryOptions, 'settings' | 'telemetry'> {
  readonly settings: Settings
  readonly heartbeat?: ServerOptions['heartbeat']
  /** See `ServerOptions`. Default: null. */
  readonly webAppFolder?: ServerOptions['webAppFolder']
  readonly usesFastPaths?: ServerOptions['usesFastPaths']
}

export interface Segue {
  /** For example http://127.0.0.1:4000. */
  readonly url: string
  readonly profiles: ProfileRegistry
  /** Who may call. `replace` takes effect at once. */
  readonly tokens: AccessTokens
  /** The services of the profile `default`. */
  readonly defaultProfile: ProfileServices
  /** Resolves if the server cannot continue. The log says why. */
  readonly failed: Promise<void>
  /**
   * Refuses new work, and gives running streams `graceMs` milliseconds (default: 0) to end. Then saves those that still run,
   * ends all subscriptions, stops listening, and unlocks the home. Further calls wait for the first one.
   */
  close(graceMs?: number): Promise<void>
}

/**
 * Starts Segue: locks the home, or connects to the database, opens the profiles, listens. If a step fails, undoes those before it and rejects: with
 * SettingsError, HomeInUseError, UnusableHomeError, DatabaseTooNewError, DatabaseUnusableError, or the error of `listen`.
 */
export async function startSegue({
  heartbeat,
  webAppFolder = null,
  usesFastPaths = true,
  ...options
}: SegueOptions): Promise<Segue> {
  await using resources = new AsyncDisposableStack()
  const { log, env } = options
  const settings = new MutableLiveValue(options.settings)
  const { home, host, port, publicHosts, trustProxy, tls, oidc } = options.settings
  const storage = await openServerStorage(resources, options.settings, log)
  const exposure = findExposure(home)
  if (exposure !== null) log.warn(exposure)
  const telemetry = resources.adopt(await createServerTelemetry(env, log), (created) => created.close())
  const profiles = resources.adopt(
    await ProfileRegistry.load({ ...options, ...storage, settings, telemetry }),
    (registry) => registry.close(),
  )
  const tokens = new AccessTokens(options.settings.tokens, options.settings.isExposed || oidc !== null)
  resources.defer(settings.subscribe((next) => tokens.replace(next.tokens)))
  const httpClient = resources.adopt(new HttpClient(env), (client) => client.close())
  const server = resources.adopt(
    await startServer({
      ...{ host, port, publicHosts, trustProxy, tls, tokens, settings, log, profiles, webAppFolder, usesFastPaths },
      jwts: oidc && new JwtAuthentication({ oidc, httpClient, log }),
      signInCookies: new SignInCookies(() => loadSignInKey(home, log), Date.now),
      handleMetrics: createMetricsHandler(telemetry.metrics),
      ...(heartbeat && { heartbeat }),
    }),
    (startedServer) => startedServer.close(),
  )
  const garbageCollector = resources.adopt(
    new IdleGarbageCollector({ isBusy: () => telemetry.metrics.gauges.read('streams', 'RUNNING') > 0 }),
    (collector) => collector.close(),
  )
  garbageCollector.start()
  // Runs first: subscribers receive the end of their streams before they are disconnected.
  resources.defer(() => profiles.stopChats())

  const ownedResources = resources.move()
  let closing: Promise<void> | null = null
  const drainAndClose = async (graceMs: number): Promise<void> => {
    if (graceMs > 0) await profiles.drain(AbortSignal.timeout(graceMs))
    await ownedResources.disposeAsync()
  }
  return {
    url: server.url,
    profiles,
    failed: profiles.storage.failed,
    tokens,
    defaultProfile: await profiles.openDefault(),
    close: (graceMs = 0) => (closing ??= drainAndClose(graceMs)),
  }
}

type ServerStorage = Pick<ProfileRegistryOptions, 'installation' | 'homeLock' | 'readiness'>

/** Connects to the database, or locks the home: several processes may share one that holds nothing but their configuration. */
async function openServerStorage(
  resources: AsyncDisposableStack,
  settings: Settings,
  log: Logger,
): Promise<ServerStorage> {
  const readiness = new Readiness()
  if (!settings.database)
    return { readiness, homeLock: resources.adopt(lockHome(settings.home, log), (lock) => lock.release()) }
  const opened = await openInstallation(settings.database, { home: settings.home, log, readiness })
  return { readiness, installation: resources.adopt(opened, (installation) => installation.close()) }
}

/** What is told of servers that do not have the same configuration. */
const differingConfigurations =
  'The servers that share the database have different configurations. Keep config.json and INSTRUCTIONS.md of all profiles equal in their homes.'

/** Loaded only when it is used. Throws StorageError and DatabaseTooNewError. */
async function openInstallation(
  database: DatabaseSettings,
  { home, log, readiness }: { readonly home: string; readonly log: Logger; readonly readiness: Readiness },
): Promise<PostgresInstallation> {
  const { PostgresInstallation: Installation } = await import('./storage/postgres/postgres-installation.ts')
  const onConfigurationsCompared = (areEqual: boolean): void => {
    if (areEqual) readiness.resolve('configuration')
    else readiness.report('configuration', differingConfigurations, { isBlocking: false })
  }
  const lease = { hashConfiguration: () => hashConfiguration(home), onConfigurationsCompared }
  return Installation.open({ ...database, log, lease })
}
