import { isHttpUrl } from '../../http/http-url.ts'
import { selectInheritedVariables } from '../child-process-environment.ts'
import { EnvInterpolator } from '../env-interpolator.ts'
import type { ConfiguredMcpServer, HttpMcpServer, McpServer, StdioMcpServer } from './mcp-server.ts'
import { isDisabledMcpServerEntry, type McpServerEntry, mcpServerEntrySchema } from './mcp-server-entry-schema.ts'
import { createMcpToolPrefixes } from './mcp-tool-prefix.ts'
import { normalizeMcpServerEntry } from './normalize-mcp-server-entry.ts'

export interface McpServerResolutionContext {
  readonly env: NodeJS.ProcessEnv
  /** Where the entries come from, for messages. */
  readonly label: string
  /** Resolves `~`, and paths relative to the profile's folder. */
  readonly toAbsolutePath: (path: string) => string
}

export interface ResolvedMcpServers {
  readonly servers: readonly ConfiguredMcpServer[]
  /** One line for each oddity and each invalid entry, none of which prevents a start. */
  readonly warnings: readonly string[]
}

/** Validates and interpolates each entry. An invalid one causes warnings, and its server is not used. */
export function resolveMcpServers(
  entries: Readonly<Record<string, unknown>>,
  inputs: McpServerResolutionContext,
): ResolvedMcpServers {
  const prefixes = createMcpToolPrefixes(Object.keys(entries))
  const servers: ConfiguredMcpServer[] = []
  const warnings: string[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const identity = { name, prefix: prefixes.get(name) ?? name }
    const { server, problems, oddities } = resolveEntry(identity, entry, inputs)
    servers.push(server)
    const location = `${inputs.label}.${name}`
    for (const { path, message } of problems)
      warnings.push(`${[location, ...path].join('.')}: ${message} The server is not used.`)
    for (const { path, message } of oddities) warnings.push(`${[location, ...path].join('.')}: ${message}`)
  }
  return { servers, warnings }
}

interface McpServerIdentity {
  readonly name: string
  readonly prefix: string
}

/** A sentence about a value in an entry. */
interface EntryIssue {
  readonly path: readonly string[]
  readonly message: string
}

interface ResolvedEntry {
  readonly server: ConfiguredMcpServer
  readonly problems: readonly EntryIssue[]
  readonly oddities: readonly EntryIssue[]
}

function resolveEntry(
  identity: McpServerIdentity,
  rawEntry: unknown,
  inputs: McpServerResolutionContext,
): ResolvedEntry {
  if (isDisabledMcpServerEntry(rawEntry))
    return { server: { ...identity, type: 'unused', error: null }, problems: [], oddities: [] }
  const parsed = mcpServerEntrySchema.safeParse(rawEntry)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }))
    const unknownKeys = listUnknownKeys(rawEntry)
    return toInvalidEntry(identity, [
      ...unknownKeys.map((key) => ({ path: [key], message: 'Unknown key. Correct or remove it.' })),
      ...problems,
    ])
  }
  const entry = parsed.data
  const interpolator = new EnvInterpolator(inputs.env)
  const server = resolveServer(identity, entry, interpolator, inputs)
  if (server.type !== 'stdio' && !isHttpUrl(server.url))
    return toInvalidEntry(identity, [{ path: ['url'], message: 'Must be an http or https URL without a password.' }])
  const oddities = [
    ...[...interpolator.unsetVariables].map((variable) => ({
      path: [],
      message: `Environment variable ${variable} is not set. \${${variable}} stays unchanged.`,
    })),
    ...listIgnoredKeys(entry, server).map((key) => ({ path: [key], message: 'Unknown key. It is ignored.' })),
  ]
  return { server, problems: [], oddities }
}

function toInvalidEntry(identity: McpServerIdentity, problems: readonly EntryIssue[]): ResolvedEntry {
  const lines = problems.map(({ path, message }) => [...path, message].join(': '))
  const error = `Its entry in config.json is invalid. Correct it. ${lines.join(' ')}`
  return { server: { ...identity, type: 'unused', error }, problems, oddities: [] }
}

const commonKeys = ['type', 'disabled', 'enabled', 'startSeconds', 'include', 'exclude', 'autoApprove']
const stdioKeys: ReadonlySet<string> = new Set(['command', 'args', 'env', 'cwd', ...commonKeys])
const httpKeys: ReadonlySet<string> = new Set(['url', 'headers', ...commonKeys])

function listIgnoredKeys(entry: McpServerEntry, { type }: McpServer): string[] {
  const knownKeys = type === 'stdio' ? stdioKeys : httpKeys
  return Object.entries(entry).flatMap(([key, value]) => (knownKeys.has(key) || isEmptyObject(value) ? [] : [key]))
}

/** The keys that no server has: one of them may be a key that is missing, with a typing error. */
function listUnknownKeys(rawEntry: unknown): string[] {
  if (typeof rawEntry !== 'object' || rawEntry === null || Array.isArray(rawEntry)) return []
  const keys = Object.keys(normalizeMcpServerEntry({ ...rawEntry }))
  return keys.filter((key) => !stdioKeys.has(key) && !httpKeys.has(key))
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** In seconds. Programs that are installed first, such as with `npx`, need a while. */
const defaultStartSeconds = 120
/** In seconds. */
const maxStartSeconds = 3600

function resolveServer(
  identity: McpServerIdentity,
  entry: McpServerEntry,
  interpolator: EnvInterpolator,
  inputs: McpServerResolutionContext,
): McpServer {
  const { command, startSeconds = defaultStartSeconds, include = [], exclude = [], autoApprove = [] } = entry
  const startTimeoutMs = Math.min(startSeconds, maxStartSeconds) * 1000
  const base = { ...identity, startTimeoutMs, include, exclude, autoApprove }
  return command === undefined
    ? { ...base, ...resolveRemoteServer(entry, interpolator) }
    : { ...base, ...resolveProgram({ ...entry, command }, interpolator, inputs) }
}

type RemoteServerSettings = Pick<HttpMcpServer, 'type' | 'isTypeAssumed' | 'url' | 'headers' | 'secrets'>

function resolveRemoteServer(
  { type, url: urlTemplate = '', headers: headerTemplates = {} }: McpServerEntry,
  interpolator: EnvInterpolator,
): RemoteServerSettings {
  const url = interpolator.interpolate(urlTemplate)
  const headers = interpolator.interpolateAll(omitNull(headerTemplates))
  // A server may repeat a key without the scheme before it, as in `Bearer <key>`.
  const headerValues = Object.values(headers).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
  const parsedUrl = URL.parse(url)
  const secrets = interpolator.collectSecrets([...headerValues, ...(parsedUrl?.searchParams.values() ?? [])])
  // By convention, the older transport is at this path.
  const defaultType = parsedUrl?.pathname.endsWith('/sse') ? 'sse' : 'http'
  return type === 'sse' || type === 'http'
    ? { type, isTypeAssumed: false, url, headers, secrets }
    : { type: defaultType, isTypeAssumed: true, url, headers, secrets }
}

type ProgramSettings = Pick<StdioMcpServer, 'type' | 'command' | 'args' | 'env' | 'cwd' | 'secrets'>

function resolveProgram(
  entry: McpServerEntry & { readonly command: string },
  interpolator: EnvInterpolator,
  { env: processEnv, toAbsolutePath }: McpServerResolutionContext,
): ProgramSettings {
  const command = interpolator.interpolate(entry.command)
  const variables = entry.env ?? {}
  const env = interpolator.interpolateAll(omitNull(variables))
  return {
    type: 'stdio',
    command: command.startsWith('~/') ? toAbsolutePath(command) : command,
    args: (entry.args ?? []).map((argument) => interpolator.interpolate(argument)),
    env: omitNull({ ...selectInheritedVariables(processEnv), ...variables, ...env }),
    cwd: toAbsolutePath(interpolator.interpolate(entry.cwd ?? '.')),
    // Evaluated last, when all templates have been interpolated.
    secrets: interpolator.collectSecrets(Object.values(env)),
  }
}

function omitNull(values: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])))
}
