/** The names that other MCP clients have for keys. The first one of an entry counts. */
const keyAliases: Readonly<Record<string, readonly string[]>> = {
  type: ['transport', 'transportType'],
  command: ['cmd'],
  env: ['environment', 'envs'],
  cwd: ['workingDirectory', 'workdir'],
  url: ['httpUrl', 'serverUrl', 'uri', 'endpoint'],
  headers: ['http_headers', 'httpHeaders'],
  enabled: ['isActive', 'active'],
  include: ['includeTools', 'enabledTools', 'enabled_tools', 'allowedTools', 'allowed_tools'],
  exclude: ['excludeTools', 'disabledTools', 'disabled_tools'],
  autoApprove: ['alwaysAllow'],
  startSeconds: ['startup_timeout_sec', 'timeout', 'startup_timeout_ms'],
}

const allAliases: ReadonlySet<string> = new Set(Object.values(keyAliases).flat())

/** Keys that only describe an entry to people or to another client. */
const descriptiveKeys: ReadonlySet<string> = new Set([
  ...['name', 'title', 'description', 'note', 'comment', '_comment', '//', 'icon', 'version', 'tags', 'gallery', 'dev'],
])

const typeNames: Readonly<Record<string, string>> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  https: 'http',
  remote: 'http',
  streamable: 'http',
  streamablehttp: 'http',
  httpstream: 'http',
  sse: 'sse',
}

/** The longest timeout in seconds that other clients accept. A larger number counts milliseconds. */
const maxTimeoutSeconds = 3600

type RawEntry = Readonly<Record<string, unknown>>

/**
 * Converts an entry of `mcpServers` as other MCP clients write it to the keys of Segue. Values that are not understood
 * stay as they are, and so do unknown keys. The result is not validated.
 */
export function normalizeMcpServerEntry(entry: RawEntry): RawEntry {
  const renamed = renameAliases(omitKeys(entry, (key) => descriptiveKeys.has(key)))
  const { type, command, startSeconds, trust, requestInit, ...rest } = renamed
  const headers = isRecord(requestInit) ? requestInit['headers'] : undefined
  return omitKeys(
    {
      ...rest,
      ...splitCommand(command, rest['args']),
      type: normalizeType(type),
      startSeconds: normalizeTimeout(startSeconds),
      ...(headers !== undefined && rest['headers'] === undefined && { headers }),
      ...(trust === true && { autoApprove: ['*'] }),
    },
    (_key, value) => value === undefined || value === null,
  )
}

function renameAliases(entry: RawEntry): RawEntry {
  const renamed: Record<string, unknown> = omitKeys(entry, (key) => allAliases.has(key))
  for (const [key, names] of Object.entries(keyAliases)) {
    const name = [key, ...names].find((each) => (entry[each] ?? null) !== null)
    if (name !== undefined) renamed[key] = entry[name]
  }
  return renamed
}

/** Some clients write the program and its arguments as one list. */
function splitCommand(command: unknown, args: unknown): RawEntry {
  if (!Array.isArray(command)) return { command }
  const [program, ...programArguments]: unknown[] = command
  return { command: program, args: [...programArguments, ...(Array.isArray(args) ? args : [])] }
}

function normalizeType(type: unknown): unknown {
  return typeof type === 'string' ? (typeNames[type.toLowerCase().replaceAll(/[-_ ]/g, '')] ?? type) : type
}

function normalizeTimeout(timeout: unknown): unknown {
  const value = typeof timeout === 'string' && timeout.trim() !== '' ? Number(timeout) : timeout
  if (typeof value !== 'number' || Number.isNaN(value)) return timeout
  return value > maxTimeoutSeconds ? value / 1000 : value
}

function omitKeys(entry: RawEntry, isOmitted: (key: string, value: unknown) => boolean): RawEntry {
  return Object.fromEntries(Object.entries(entry).filter(([key, value]) => !isOmitted(key, value)))
}

function isRecord(value: unknown): value is RawEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
