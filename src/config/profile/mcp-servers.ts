import { z } from 'zod'
import { expand } from '../interpolate-env.ts'
import { isHttpUrl } from '../http-url.ts'
import type { McpServer } from './mcp-server.ts'
import { isSafe, safeEnvironment } from './allowed-environment.ts'

// It becomes the beginning of a tool's name, which has 64 characters at most, and ends there with the first two _.
const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]|_(?!_|$)){0,39}$/
const nameRule =
  '1 to 40 of a-z, A-Z, 0-9, - and _, beginning with a letter or a digit, without two _ in a row or one at the end'

const text = (error: string, pattern: RegExp) => z.string({ error }).regex(pattern, { error })
const argument = text('a text', /^[^\0]*$/)

// What HTTP allows in a name and in a value.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/
const headerValue = text('a text that can stand in a header', /^[\t\x20-\x7e\x80-\xff]*$/)

const textsByName = <T extends z.ZodType>(what: string, name: RegExp, value: T) =>
  z.record(z.string().regex(name), value, {
    error: (issue) => (issue.code === 'invalid_key' ? `named as ${what} are` : `an object of ${what} by name`),
  })

const types = ['stdio', 'http', 'sse', 'streamable-http', 'streamableHttp'] as const
const yesOrNo = z.boolean({ error: 'true or false' }).optional()

const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

/** Keys that other clients know and this one does not may stand there too. Rules across keys run always. */
const serverSchema = z
  .looseObject(
    {
      type: z.enum(types, { error: 'one of stdio, http, sse' }).optional(),
      command: text('the name of a program or a path to one', /^[^\0]+$/).optional(),
      args: z.array(argument, { error: 'a list of texts' }).optional(),
      env: textsByName('variables', /^[^=\0]+$/, argument).optional(),
      cwd: text('a path', /^[^\0]+$/).optional(),
      url: z.string({ error: 'an http or https URL' }).optional(),
      headers: textsByName('headers', headerName, headerValue).optional(),
      disabled: yesOrNo,
      enabled: yesOrNo,
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

type Entry = z.infer<typeof serverSchema>

/** `mcpServers` in config.json, in the form that other clients of the Model Context Protocol have. */
export const mcpServersSchema = z.record(z.string().regex(namePattern), serverSchema, {
  error: (issue) => (issue.code === 'invalid_key' ? `named by ${nameRule}` : 'an object of servers by name'),
})

export interface McpSources {
  readonly env: NodeJS.ProcessEnv
  /** Where the entries came from, for what is said of them. */
  readonly where: string
  /** Absolute: with `~` resolved, and relative to the home. */
  readonly path: (text: string) => string
}

/** The servers that are not disabled, with their variables filled in. Adds what is wrong, and what is odd. */
export function resolveMcpServers(
  entries: Readonly<Record<string, Entry>>,
  sources: McpSources,
  problems: string[],
  warnings: string[],
): McpServer[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    if (entry.disabled === true || entry.enabled === false) return []
    const place = `${sources.where}.${name}`
    const filler = new Filler(sources.env)
    const server = resolve(name, entry, filler, sources)
    if (server.type !== 'stdio' && !isHttpUrl(server.url)) {
      problems.push(`${place}.url: it has to be an http or https URL without a password`)
    }
    for (const variable of filler.unset) {
      warnings.push(`${place}: the variable ${variable} is not set, so \${${variable}} stays as it is written`)
    }
    const known = server.type === 'stdio' ? stdioKeys : httpKeys
    for (const key of Object.keys(entry).filter((each) => !known.has(each))) {
      warnings.push(`${place}.${key}: nothing here knows it; it has no effect`)
    }
    return [server]
  })
}

const commonKeys = ['type', 'disabled', 'enabled']
const stdioKeys = new Set(['command', 'args', 'env', 'cwd', ...commonKeys])
const httpKeys = new Set(['url', 'headers', ...commonKeys])

function resolve(name: string, entry: Entry, filler: Filler, { env: own, path }: McpSources): McpServer {
  const { type, command, args = [], env = {}, cwd = '.', url = '', headers = {} } = entry
  if (command === undefined) {
    const address = filler.fill(url)
    const filled = filler.fillAll(headers)
    // A server may repeat the key without the word before it, as in `Bearer <key>`.
    const values = Object.values(filled).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
    const queried = [...(URL.parse(address)?.searchParams.values() ?? [])]
    const secrets = filler.secretsWith([...values, ...queried])
    return { type: type === 'sse' ? 'sse' : 'http', name, url: address, headers: filled, secrets }
  }
  const program = filler.fill(command)
  const filled = filler.fillAll(env)
  return {
    type: 'stdio',
    name,
    command: program.startsWith('~/') ? path(program) : program,
    args: args.map((each) => filler.fill(each)),
    env: { ...safeEnvironment(own), ...filled },
    cwd: path(filler.fill(cwd)),
    // The last one: the filler knows them when all is filled in.
    secrets: filler.secretsWith(Object.values(filled)),
  }
}

/** Fills in the variables of one entry. */
class Filler {
  readonly unset = new Set<string>()
  readonly #env: NodeJS.ProcessEnv
  readonly #values: string[] = []

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  fill(given: string): string {
    const { text: filled, used, unset } = expand(given, this.#env)
    for (const { name, value } of used) if (!isSafe(name)) this.#values.push(value)
    for (const name of unset) this.unset.add(name)
    return filled
  }

  fillAll(given: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, this.fill(value)]))
  }

  /** What came from the environment is secret too. The shortest hide nothing, and would take every 1 out of a log. */
  secretsWith(values: readonly string[]): string[] {
    return [...new Set([...values, ...this.#values])].filter(({ length }) => length > 3)
  }
}
