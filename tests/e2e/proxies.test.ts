import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { request as sendRequest } from 'node:http'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { directHttpClient } from '../support/providers/connections.ts'
import { toolCallSteps } from '../support/providers/openai-chunks.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { type ForwardProxy, startForwardProxy } from '../support/server/forward-proxy.ts'
import { newTempFolder } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { secret, sendText, startScriptedHttpServer } from '../support/mcp/scripted-http-server.ts'

const authority = new URL('../support/fixtures/tls/authority.pem', import.meta.url).pathname
const credentials = 'proxy-user:proxy-password'

let provider: StrictProvider
/** Serves the provider as https://llm.corp.test. */
let secureServer: Server
let securePort: number

beforeAll(async () => {
  provider = await StrictProvider.start({ apiKey: 'sk-1' })
  const read = (name: string) => readFileSync(new URL(`../support/fixtures/tls/${name}`, import.meta.url))
  secureServer = createServer({ cert: read('server.pem'), key: read('server-key.pem') }, (incoming, outgoing) => {
    const { port } = new URL(provider.baseURL)
    const { method, url, headers } = incoming
    const passedOn = sendRequest({ host: '127.0.0.1', port, path: url, method, headers }, (response) =>
      response.pipe(outgoing.writeHead(response.statusCode ?? 502, response.headers)),
    )
    incoming.pipe(passedOn)
  })
  secureServer.listen(0, '127.0.0.1')
  await once(secureServer, 'listening')
  securePort = (secureServer.address() as AddressInfo).port
})
afterAll(async () => {
  secureServer.close()
  secureServer.closeAllConnections()
  await provider.close()
  directHttpClient.close()
})

interface ChatOptions {
  readonly baseURL: string
  readonly mcpServers?: object
  readonly env: Readonly<Record<string, string>>
}

/** Starts the program with these settings, asks it something, and returns the end of the answer and the log. */
async function chat({ baseURL, mcpServers = {}, env }: ChatOptions) {
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL, apiKey: 'sk-1', models: ['test'] } }
  const config = { providers, model: 'strict/test', titles: false, mcpServers, approvals: { '*': 'allow' } }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  await using server = await startServerProcess({ argv: ['--port', '0', '--home', home, '--no-hermes'], env })
  await using client = new ChatClient(server.url)
  const { id } = await client.start({ text: 'Hi' })
  const { stream, message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  await server.stop('SIGINT')
  return { stream, message, log: server.output.stderr }
}

const newProxyEnv = (proxy: ForwardProxy) => ({
  HTTP_PROXY: `http://${credentials}@${proxy.address}`,
  https_proxy: `http://${credentials}@${proxy.address}`,
})

test('a provider behind https is reached through a tunnel, with an authority of NODE_EXTRA_CA_CERTS', async () => {
  await using proxy = await startForwardProxy({ targetPort: securePort })
  provider.enqueue('Through the tunnel.')
  const env = { ...newProxyEnv(proxy), NODE_EXTRA_CA_CERTS: authority }
  const { stream, message } = await chat({ baseURL: 'https://llm.corp.test/v1', env })
  expect([stream.status, message?.text]).toEqual(['COMPLETED', 'Through the tunnel.'])
  expect(new Set(proxy.requests)).toEqual(new Set(['CONNECT llm.corp.test:443']))
  expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from(credentials).toString('base64')}`)
})

test('without the authority, the answer says what to do, and no credentials are in it or in the log', async () => {
  await using proxy = await startForwardProxy({ targetPort: securePort })
  const { stream, log } = await chat({ baseURL: 'https://llm.corp.test/v1', env: newProxyEnv(proxy) })
  expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
  expect(stream.error?.message).toContain('NODE_EXTRA_CA_CERTS')
  expect(JSON.stringify(stream) + log).not.toMatch(/proxy-user|proxy-password|sk-1/)
})

test('providers and MCP servers are asked through the proxy, and the host of NO_PROXY directly', async () => {
  await using mcpServer = await startScriptedHttpServer({
    look: (response, request) => sendText(response, request, 'Seen.'),
  })
  const port = Number(new URL(mcpServer.server.url).port)
  await using proxy = await startForwardProxy({ targetPort: port })
  const { pathname } = new URL(mcpServer.server.url)
  const headers = { authorization: `Bearer ${secret}` }
  const mcpServers = { tracker: { url: `http://tracker.corp.test${pathname}`, headers } }
  provider.enqueue(toolCallSteps({ name: 'tracker__look', input: {} }))
  provider.enqueue('Done.')
  // The provider is on this machine.
  const { stream, log } = await chat({ baseURL: provider.baseURL, mcpServers, env: newProxyEnv(proxy) })
  expect(stream, log).toMatchObject({ status: 'COMPLETED' })
  expect(proxy.requests.length).toBeGreaterThan(0)
  expect(proxy.requests.every((request) => request.includes(' http://tracker.corp.test/'))).toBe(true)
  expect(mcpServer.received.map(({ message }) => message.method)).toContain('tools/call')
})
