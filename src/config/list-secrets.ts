import type { ConfiguredMcpServer } from './profile/mcp/mcp-server.ts'
import { isShowableVariableName } from './profile/is-showable-variable-name.ts'
import type { Provider } from './profile/provider.ts'
import type { DatabaseSettings } from './storage/resolve-database.ts'

const secretVariablePattern = /(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTH|HEADERS)(_|$)/i

/** What nobody may see of the settings of a profile. `providers` null: they are not known yet. */
export function listProfileSecrets({
  providers,
  mcpServers,
}: {
  readonly providers: readonly Provider[] | null
  readonly mcpServers: readonly ConfiguredMcpServer[]
}): string[] {
  return [
    ...(providers ?? []).flatMap(listProviderSecrets),
    ...mcpServers.flatMap((server) => [
      ...('secrets' in server ? server.secrets : []),
      ...('url' in server ? listUrlSecrets(server.url) : []),
    ]),
  ]
}

/** What nobody may see of where the server stores everything. */
export function listDatabaseSecrets(database: DatabaseSettings | null): string[] {
  return database === null ? [] : [database.url, database.listenUrl].flatMap(listUrlSecrets)
}

/** What nobody may see of a provider: its key, and what its URL has beside the address. */
export function listProviderSecrets({ apiKey, baseURL, unsetApiKeyEnv = null }: Provider): string[] {
  return [
    ...(apiKey === null ? [] : [apiKey]),
    ...(baseURL === null ? [] : listUrlSecrets(baseURL)),
    ...(unsetApiKeyEnv === null || isShowableVariableName(unsetApiKeyEnv) ? [] : [unsetApiKeyEnv]),
  ]
}

/** The variables whose names say that they are secret, and the passwords in URLs, such as those of proxies. */
export function listEnvironmentSecrets(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (!secretVariablePattern.test(name)) return listUrlSecrets(value)
    // Such as OTEL_EXPORTER_OTLP_HEADERS: authorization=Bearer …,x-other=…
    const values = /_HEADERS$/i.test(name)
      ? value.split(',').map((header) => header.slice(header.indexOf('=') + 1))
      : [value]
    return values.flatMap((each) => [each, each.replace(/^(Bearer|Basic)\s+/i, '')])
  })
}

function listUrlSecrets(text: string): string[] {
  const url = text.includes('://') ? URL.parse(text) : null
  if (!url) return []
  return [decodeLeniently(url.password), ...url.searchParams.values()].filter(Boolean)
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
