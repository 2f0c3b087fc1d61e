import { isHttpUrl } from '../http-url.ts'
import type { SettingsReport } from '../settings-reader.ts'
import { selectInheritedVariables } from './child-process-environment.ts'
import { EnvInterpolator } from './env-interpolator.ts'
import type { HttpMcpServer, McpServer, StdioMcpServer } from './mcp-server.ts'
import type { McpServerEntry } from './mcp-servers-schema.ts'

export interface McpServerInputs {
  readonly env: NodeJS.ProcessEnv
  /** Where the entries come from, for messages. */
  readonly label: string
  /** Resolves `~`, and paths relative to the profile's folder. */
  readonly toAbsolutePath: (path: string) => string
}

export interface ResolvedMcpServers extends Required<SettingsReport> {
  readonly servers: readonly McpServer[]
}

/** Interpolates the entries that are not disabled. */
export function resolveMcpServers(
  entries: Readonly<Record<string, McpServerEntry>>,
  inputs: McpServerInputs,
): ResolvedMcpServers {
  const servers: McpServer[] = []
  const problems: string[] = []
  const warnings: string[] = []
  for (const [name, entry] of Object.entries(entries)) {
    if (entry.disabled === true || entry.enabled === false) continue
    const location = `${inputs.label}.${name}`
    const interpolator = new EnvInterpolator(inputs.env)
    const server = resolveServer(name, entry, interpolator, inputs)
    servers.push(server)
    if (server.type !== 'stdio' && !isHttpUrl(server.url))
      problems.push(`${location}.url: Must be an http or https URL without a password.`)
    for (const variable of interpolator.unsetVariables)
      warnings.push(`${location}: Environment variable ${variable} is not set. \${${variable}} stays unchanged.`)
    for (const key of listIgnoredKeys(entry, server)) warnings.push(`${location}.${key}: Unknown key. It is ignored.`)
  }
  return { servers, problems, warnings }
}

const commonKeys = ['type', 'disabled', 'enabled']
const stdioKeys: ReadonlySet<string> = new Set(['command', 'args', 'env', 'cwd', ...commonKeys])
const httpKeys: ReadonlySet<string> = new Set(['url', 'headers', ...commonKeys])

function listIgnoredKeys(entry: McpServerEntry, { type }: McpServer): string[] {
  const knownKeys = type === 'stdio' ? stdioKeys : httpKeys
  return Object.keys(entry).filter((key) => !knownKeys.has(key))
}

function resolveServer(
  name: string,
  entry: McpServerEntry,
  interpolator: EnvInterpolator,
  inputs: McpServerInputs,
): McpServer {
  const { command } = entry
  return command === undefined
    ? resolveHttpServer(name, entry, interpolator)
    : resolveStdioServer(name, { ...entry, command }, interpolator, inputs)
}

function resolveHttpServer(
  name: string,
  { type, url: urlTemplate = '', headers: headerTemplates = {} }: McpServerEntry,
  interpolator: EnvInterpolator,
): HttpMcpServer {
  const url = interpolator.interpolate(urlTemplate)
  const headers = interpolator.interpolateAll(headerTemplates)
  // A server may repeat a key without the scheme before it, as in `Bearer <key>`.
  const headerValues = Object.values(headers).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
  const queryValues = [...(URL.parse(url)?.searchParams.values() ?? [])]
  const secrets = interpolator.collectSecrets([...headerValues, ...queryValues])
  return { type: type === 'sse' ? 'sse' : 'http', name, url, headers, secrets }
}

function resolveStdioServer(
  name: string,
  entry: McpServerEntry & { readonly command: string },
  interpolator: EnvInterpolator,
  { env: processEnv, toAbsolutePath }: McpServerInputs,
): StdioMcpServer {
  const command = interpolator.interpolate(entry.command)
  const env = interpolator.interpolateAll(entry.env ?? {})
  return {
    type: 'stdio',
    name,
    command: command.startsWith('~/') ? toAbsolutePath(command) : command,
    args: (entry.args ?? []).map((argument) => interpolator.interpolate(argument)),
    env: { ...selectInheritedVariables(processEnv), ...env },
    cwd: toAbsolutePath(interpolator.interpolate(entry.cwd ?? '.')),
    // Evaluated last, when all templates have been interpolated.
    secrets: interpolator.collectSecrets(Object.values(env)),
  }
}
