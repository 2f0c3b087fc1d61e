import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTcpProxy, type TcpProxy } from '../../support/server/tcp-proxy.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { post } from '../../support/server/post.ts'
import { startServerProcess } from '../../support/server/server-process.ts'

/** The tool of the server, which needs an approval. */
export const toolName = 'scripted__pid'

/**
 * The program in a process of its own, so that its copy of graphql and that of the clients never meet. Its model is the
 * provider's; it has one MCP server, and makes no titles.
 */
export interface ServerUnderTest extends AsyncDisposable {
  readonly url: string
  readonly provider: StrictProvider
  /** The way of the tested client to the server. */
  readonly proxy: TcpProxy
  /** Sends an operation as another client does, past the proxy. Rejects if the result has errors. */
  ask(query: string, variables?: object): Promise<Readonly<Record<string, unknown>>>
}

/** @param allowOrigins The origins of pages that may use it. */
export async function startServerUnderTest(allowOrigins: readonly string[] = []): Promise<ServerUnderTest> {
  await using resources = new AsyncDisposableStack()
  const home = mkdtempSync(join(tmpdir(), 'segue-test-'))
  resources.defer(() => rmSync(home, { recursive: true, force: true }))
  const provider = resources.use(await StrictProvider.start())
  const scriptedServer = join(import.meta.dirname, '..', '..', 'support', 'mcp', 'scripted-server.ts')
  const config = {
    model: 'strict/test',
    allowOrigins,
    titles: false,
    compactAt: 0,
    // The documents of the tests select every field of every type that a page could show.
    limits: { tokens: 100_000, aliases: 1000, cost: 10_000_000 },
    providers: { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test', 'other'] } },
    mcpServers: { scripted: { command: process.execPath, args: [scriptedServer] } },
  }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  // Another profile with models of the same names, whose default is another one.
  const { providers } = config
  mkdirSync(join(home, 'profiles', 'work'), { recursive: true })
  writeFileSync(join(home, 'profiles', 'work', 'config.json'), JSON.stringify({ providers, model: 'strict/other' }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']
  const { url } = resources.use(await startServerProcess({ argv, env: { HOME: home } }))
  const proxy = resources.use(await startTcpProxy(url))
  const ask: ServerUnderTest['ask'] = async (query, variables) => {
    const { data, errors } = await post(url, query, variables)
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
    return data ?? {}
  }
  const owned = resources.move()
  return { url, provider, proxy, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
