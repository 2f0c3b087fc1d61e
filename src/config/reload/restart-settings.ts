import { isDeepStrictEqual } from 'node:util'
import type { ProfileSettings } from '../profile/profile-settings.ts'
import type { Settings } from '../settings.ts'

/** The settings that take effect while the server runs. */
type LiveSettingKey = keyof ProfileSettings | 'allowedOrigins' | 'tokens' | 'limits' | 'trustedDocuments' | 'warnings'

/** The settings that take effect at the next start. */
type RestartSettings = Omit<Settings, LiveSettingKey>

/** What users call them. */
const names: Readonly<Record<Exclude<keyof RestartSettings, 'isExposed'>, string>> = {
  port: 'port',
  host: 'host',
  publicHosts: 'publicHosts',
  trustProxy: 'trustProxy',
  tls: 'tlsCert',
  oidc: 'oidc',
  home: 'home',
  hermesHome: 'hermesHome',
  currency: 'currency',
  database: 'database',
  durable: 'durable',
  offlineDelayMs: 'offlineDelay',
  graceMs: 'grace',
  logLevel: 'logLevel',
}

/** The names of the settings that have changed, but take effect at the next start. */
export function listChangedRestartSettings(running: Settings, next: Settings): string[] {
  return Object.entries(names).flatMap(([key, name]) =>
    isDeepStrictEqual(Reflect.get(running, key), Reflect.get(next, key)) ? [] : [name],
  )
}

/** The settings after a reload: those that need a restart stay as they are. */
export function mergeLiveSettings(running: Settings, next: Settings): Settings {
  return { ...next, ...pickRestartSettings(running) }
}

function pickRestartSettings(settings: Settings): RestartSettings {
  const { port, host, publicHosts, trustProxy, tls, oidc, isExposed, ...others } = settings
  const { home, database, hermesHome, currency, durable, offlineDelayMs, graceMs, logLevel } = others
  return {
    ...{ port, host, publicHosts, trustProxy, tls, oidc, isExposed },
    ...{ home, database, hermesHome, currency, durable, offlineDelayMs, graceMs, logLevel },
  }
}
