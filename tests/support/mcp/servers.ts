import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { McpToolSource, type McpToolSourceOptions } from '../../../src/agent/mcp/mcp-tool-source.ts'
import type { JsonObject, Tool } from '../../../src/agent/tools/tool.ts'
import type { StdioServer } from '../../../src/config/profile/mcp-server.ts'
import type { Json } from '../../../src/lib/json.ts'
import { waitUntil } from '../wait-until.ts'
import { RecordingLogger } from '../recording-logger.ts'

const { PATH = '', HOME = '' } = process.env
const compileCache = fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url))

/** A program, run by the Node that runs the tests. */
export function nodeServer(name: string, args: readonly string[], more: Partial<StdioServer> = {}): StdioServer {
  // Half of a start is compiling what has not changed since the last one.
  const env = { PATH, HOME, NODE_COMPILE_CACHE: compileCache, ...more.env }
  return { type: 'stdio', name, command: process.execPath, args, cwd: '/', secrets: [], ...more, env }
}

const scriptedServer = fileURLToPath(new URL('./scripted-server.ts', import.meta.url))

/** The server that does what `mode` says. */
export const newScriptedServer = (mode = '', more: Partial<StdioServer> = {}): StdioServer =>
  nodeServer('scripted', [scriptedServer, mode], more)

const require = createRequire(import.meta.url)

/** Real servers, the files that begin them. */
export const everything = require.resolve('@modelcontextprotocol/server-everything/dist/index.js')
export const filesystem = require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')

export interface TestTools extends AsyncDisposable {
  readonly source: McpToolSource
  /** What was logged. */
  readonly warnings: { readonly [key: string]: unknown }[]
  listNames(): Promise<string[]>
  /** The tool of this name; an error where there is none now. */
  findTool(name: string): Promise<Tool>
  /** Resolves when there is a tool of this name: who asks soon after a failure is not made to wait for it. */
  waitForTool(name: string): Promise<void>
  run(name: string, input?: JsonObject, signal?: AbortSignal): Promise<Json>
}

/** Tools for one test, with what is needed to try them. Nothing is left of them when it is disposed of. */
export function newTestTools(
  servers: McpToolSourceOptions['servers'],
  more: Partial<McpToolSourceOptions> = {},
): TestTools {
  const warnings: { [key: string]: unknown }[] = []
  const log = new RecordingLogger(({ fields, message }) => void warnings.push({ message, ...fields }))
  const source = new McpToolSource({ servers, log, ...more })
  const findTool = async (name: string): Promise<Tool> => {
    const tools = await source.tools()
    const found = tools.find((each) => each.name === name)
    if (!found) throw new Error(`there is no ${name} among ${tools.map((each) => each.name).join(', ')}`)
    return found
  }
  return {
    source,
    warnings,
    listNames: async () => (await source.tools()).map(({ name }) => name),
    findTool,
    waitForTool: async (name) => {
      let isThere = false
      await waitUntil(() => {
        void source.tools().then((tools) => (isThere ||= tools.some((each) => each.name === name)))
        return isThere
      })
    },
    run: async (name, input = {}, signal = new AbortController().signal) =>
      (await findTool(name)).execute(input, signal),
    [Symbol.asyncDispose]: () => source.close(),
  }
}

/** Whether a process runs. One that has ended and that nobody asks after is none. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/stat`
  return !existsSync(status) || !/\) Z /.test(readFileSync(status, 'utf8'))
}
