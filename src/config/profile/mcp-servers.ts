import { z } from 'zod'
import { interpolateEnv } from '../interpolate-env.ts'
import { isHttpUrl } from '../http-url.ts'
import type { McpServer } from './mcp-server.ts'
import { isAllowedVariable, filterEnvironment } from './allowed-environment.ts'

// It becomes the beginning of a tool's name, which has 64 characters at most, and ends there with the first two _.
const serverNamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]|_(?!_|$)){0,39}$/
const serverNameRule =
  '1 to 40 of a-z, A-Z, 0-9, - and _, beginning with a letter or a digit, without two _ in a row or one at the end'

const stringMatching = (error: string, pattern: RegExp) => z.string({ error }).regex(pattern, { error })
const argumentSchema = stringMatching('a text', /^[^\0]*$/)

// What HTTP allows in a name and in a value.
const headerNamePattern = /^[\w!#$%&'*+.^`|~-]+$/
const headerValueSchema = stringMatching('a text that can stand in a header', /^[\t\x20-\x7e\x80-\xff]*$/)

const recordByName = <T extends z.ZodType>(label: string, name: RegExp, value: T) =>
  z.record(z.string().regex(name), value, {
    error: (issue) => (issue.code === 'invalid_key' ? `named as ${label} are` : `an object of ${label} by name`),
  })

const serverTypes = ['stdio', 'http', 'sse', 'streamable-http', 'streamableHttp'] as const
const optionalBoolean = z.boolean({ error: 'true or false' }).optional()

const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

/** Keys that other clients know and this one does not may stand there too. Rules across keys run always. */
const serverSchema = z
  .looseObject(
    {
      type: z.enum(serverTypes, { error: 'one of stdio, http, sse' }).optional(),
      command: stringMatching('the name of a program or a path to one', /^[^\0]+$/).optional(),
      args: z.array(argumentSchema, { error: 'a list of texts' }).optional(),
      env: recordByName('variables', /^[^=\0]+$/, argumentSchema).optional(),
      cwd: stringMatching('a path', /^[^\0]+$/).optional(),
      url: z.string({ error: 'an http or https URL' }).optional(),
      headers: recordByName('headers', headerNamePattern, headerValueSchema).optional(),
      disabled: optionalBoolean,
      enabled: optionalBoolean,
    },
    { error: 'an object with at least a command or a url' },
  )
  .refine(({ command, url }) => command !== undefined || url !== undefined, {
    path: ['command'],
    error: 'given, or a url instead',
    when: isObject,
  })
  .refine(({ command, url }) => command === undefined || url === undefined, {
    path: ['url'],
    error: 'left out where a command is given',
    when: isObject,
  })
  .refine(({ type, command }) => type === undefined || (type === 'stdio') === (command !== undefined), {
    path: ['type'],
    error: 'stdio for a command, http or sse for a url',
    when: isObject,
  })

type ServerEntry = z.infer<typeof serverSchema>

/** `mcpServers` in config.json, in the form that other clients of the Model Context Protocol have. */
export const mcpServersSchema = z.record(z.string().regex(serverNamePattern), serverSchema, {
  error: (issue) => (issue.code === 'invalid_key' ? `named by ${serverNameRule}` : 'an object of servers by name'),
})

export interface McpServerInputs {
  readonly env: NodeJS.ProcessEnv
  /** Where the entries came from, for what is said of them. */
  readonly source: string
  /** Absolute: with `~` resolved, and relative to the home. */
  readonly toAbsolutePath: (text: string) => string
}

/** The servers that are not disabled, with their variables filled in. Adds what is wrong, and what is odd. */
export function resolveMcpServers(
  entries: Readonly<Record<string, ServerEntry>>,
  inputs: McpServerInputs,
  problems: string[],
  warnings: string[],
): McpServer[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    if (entry.disabled === true || entry.enabled === false) return []
    const location = `${inputs.source}.${name}`
    const interpolator = new EnvInterpolator(inputs.env)
    const server = resolveServer(name, entry, interpolator, inputs)
    if (server.type !== 'stdio' && !isHttpUrl(server.url)) {
      problems.push(`${location}.url: it has to be an http or https URL without a password`)
    }
    for (const variable of interpolator.unsetVariables) {
      warnings.push(`${location}: the variable ${variable} is not set, so \${${variable}} stays as it is written`)
    }
    const knownKeys = server.type === 'stdio' ? stdioKeys : httpKeys
    for (const key of Object.keys(entry).filter((each) => !knownKeys.has(each))) {
      warnings.push(`${location}.${key}: nothing here knows it; it has no effect`)
    }
    return [server]
  })
}

const commonKeys = ['type', 'disabled', 'enabled']
const stdioKeys = new Set(['command', 'args', 'env', 'cwd', ...commonKeys])
const httpKeys = new Set(['url', 'headers', ...commonKeys])

function resolveServer(
  name: string,
  entry: ServerEntry,
  interpolator: EnvInterpolator,
  { env: processEnv, toAbsolutePath }: McpServerInputs,
): McpServer {
  const { type, command, args = [], env = {}, cwd = '.', url = '', headers = {} } = entry
  if (command === undefined) {
    const address = interpolator.interpolate(url)
    const filled = interpolator.interpolateAll(headers)
    // A server may repeat the key without the word before it, as in `Bearer <key>`.
    const values = Object.values(filled).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
    const queryValues = [...(URL.parse(address)?.searchParams.values() ?? [])]
    const secrets = interpolator.collectSecrets([...values, ...queryValues])
    return { type: type === 'sse' ? 'sse' : 'http', name, url: address, headers: filled, secrets }
  }
  const program = interpolator.interpolate(command)
  const filled = interpolator.interpolateAll(env)
  return {
    type: 'stdio',
    name,
    command: program.startsWith('~/') ? toAbsolutePath(program) : program,
    args: args.map((each) => interpolator.interpolate(each)),
    env: { ...filterEnvironment(processEnv), ...filled },
    cwd: toAbsolutePath(interpolator.interpolate(cwd)),
    // The last one: the filler knows them when all is filled in.
    secrets: interpolator.collectSecrets(Object.values(filled)),
  }
}

/** Fills in the variables of one entry. */
class EnvInterpolator {
  readonly unsetVariables = new Set<string>()
  readonly #env: NodeJS.ProcessEnv
  readonly #secretValues: string[] = []

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  interpolate(template: string): string {
    const { text: filled, resolved, unset } = interpolateEnv(template, this.#env)
    for (const { name, value } of resolved) if (!isAllowedVariable(name)) this.#secretValues.push(value)
    for (const name of unset) this.unsetVariables.add(name)
    return filled
  }

  interpolateAll(templates: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(templates).map(([name, value]) => [name, this.interpolate(value)]))
  }

  /** What came from the environment is secret too. The shortest hide nothing, and would take every 1 out of a log. */
  collectSecrets(values: readonly string[]): string[] {
    return [...new Set([...values, ...this.#secretValues])].filter(({ length }) => length > 3)
  }
}
