import { newStoreFile } from '../files/store-file.ts'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { McpToolSource, type McpToolSourceOptions } from '../../../src/agent/mcp/mcp-tool-source.ts'
import type { JsonObject, Tool, ToolExecutionContext } from '../../../src/agent/tools/tool.ts'
import type { StdioMcpServer } from '../../../src/config/profile/mcp/mcp-server.ts'
import type { Json } from '../../../src/lib/text/json.ts'
import { waitUntil } from '../wait-until.ts'
import { newServerSettings } from './server-settings.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { directHttpClient } from '../providers/connections.ts'

const { PATH = '', HOME = '' } = process.env
const compileCache = fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url))

/** A stdio server that runs on the Node of the tests. */
export function nodeServer(
  name: string,
  args: readonly string[],
  overrides: Partial<StdioMcpServer> = {},
): StdioMcpServer {
  // The compile cache halves the time of a start.
  const env = { PATH, HOME, NODE_COMPILE_CACHE: compileCache, ...overrides.env }
  return {
    ...newServerSettings(name),
    type: 'stdio',
    command: process.execPath,
    args,
    cwd: '/',
    ...overrides,
    env,
  }
}

/** The program of scripted-server.ts. */
export const scriptedServerPath = fileURLToPath(new URL('./scripted-server.ts', import.meta.url))

/** The server of scripted-server.ts in the given mode. */
export const newScriptedServer = (mode = '', overrides: Partial<StdioMcpServer> = {}): StdioMcpServer =>
  nodeServer('scripted', [scriptedServerPath, mode], overrides)

const require = createRequire(import.meta.url)

/** The entry files of real servers. */
export const everything = require.resolve('@modelcontextprotocol/server-everything/dist/index.js')
export const filesystem = require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')

export const newToolContext = (signal = new AbortController().signal): ToolExecutionContext => ({
  signal,
  onProgress: () => undefined,
  askUser: async () => ({ type: 'cancelled' }),
  storeFile: newStoreFile(async (bytes) => createHash('sha256').update(bytes).digest('hex')),
})

export interface TestTools extends AsyncDisposable {
  readonly source: McpToolSource
  /** The logged warnings. */
  readonly warnings: { readonly [key: string]: unknown }[]
  /** The other log entries. */
  readonly infos: { readonly [key: string]: unknown }[]
  listNames(): Promise<string[]>
  /** Rejects if there is no tool of this name now. */
  findTool(name: string): Promise<Tool>
  /** Resolves when there is a tool of this name. Soon after a failure, the tool source does not wait for it. */
  waitForTool(name: string): Promise<void>
  run(name: string, input?: JsonObject, signal?: AbortSignal): Promise<Json>
}

/** A tool source for one test. Disposing of it stops all servers. */
export function newTestTools(
  servers: McpToolSourceOptions['servers'],
  options: Partial<McpToolSourceOptions> = {},
): TestTools {
  const warnings: { [key: string]: unknown }[] = []
  const infos: { [key: string]: unknown }[] = []
  const log = new RecordingLogger(({ level, fields, message }) => {
    const entries = level === 'warn' || level === 'error' ? warnings : infos
    entries.push({ message, ...fields })
  })
  const source = new McpToolSource({ servers, httpClient: directHttpClient, log, startWaitMs: 30_000, ...options })
  const findTool = async (name: string): Promise<Tool> => {
    const { tools } = await source.listTools()
    const found = tools.find((each) => each.name === name)
    if (!found) throw new Error(`There is no ${name} among ${tools.map((each) => each.name).join(', ')}.`)
    return found
  }
  return {
    source,
    warnings,
    infos,
    listNames: async () => (await source.listTools()).tools.map(({ name }) => name),
    findTool,
    waitForTool: async (name) => {
      let isFound = false
      await waitUntil(() => {
        void source.listTools().then(({ tools }) => (isFound ||= tools.some((each) => each.name === name)))
        return isFound
      })
    },
    run: async (name, input = {}, signal = new AbortController().signal) =>
      (await findTool(name)).execute(input, newToolContext(signal)),
    [Symbol.asyncDispose]: () => source.close(),
  }
}

/** Whether a process runs. Zombies do not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/stat`
  return !existsSync(status) || !/\) Z /.test(readFileSync(status, 'utf8'))
}
