import { rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { sha256Hex } from '../../src/lib/text/sha256.ts'
import { followOverEventStream, followOverWebSocket } from '../support/clients/follower.ts'
import { scriptedServerPath } from '../support/mcp/servers.ts'
import { ask, request } from '../support/server/graphql-request.ts'
import { newHome } from '../support/server/segue.ts'
import { runToEnd, startServerProcess } from '../support/server/server-process.ts'
import { startHttpServer, type TestHttpServer } from '../support/server/small-server.ts'

/** Where a secret can be, and what is planted there. None looks like a known kind of key. */
const secrets = {
  'the key of a provider': 'Prov1der/Key+zW8qLm3nRt5vXy7',
  'a key that is in apiKeyEnv by mistake': 'a7f3c9e1b5d24860fedcba9876543210',
  'a parameter of a provider URL': 'UrlParam0fProvider4488zz',
  'the environment of an MCP server': 'McpEnv!Value&9921-qwertyuiop',
  'a header of an MCP server': 'McpHeader~Value==5577Zxcvbnm',
  'a variable that config.json refers to': 'Interpolated-Value-3344-hgfdsa',
  'a parameter of an MCP URL': 'McpUrlParam_6612_lkjhgf',
  'the password of a proxy': 'ProxyPassword-7788-mnbvcx',
  'the token of the receiver of traces': 'OtelToken-1199-poiuytr',
}
const timeout = 90_000

/** In how servers repeat what they were sent. */
const echoForms: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => secret.toUpperCase(),
  (secret) => encodeURIComponent(secret),
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => Buffer.from(`user:${secret}`).toString('base64'),
  (secret) => `${secret.slice(0, 12)}...`,
  (secret) => `${secret.slice(0, 10)}****${secret.slice(-10)}`,
]

/** The forms in which a secret must not leave the process. */
function listForms(secret: string): string[] {
  const base64 = [0, 1, 2].map((pad) =>
    Buffer.from(`${' '.repeat(pad)}${secret}`)
      .toString('base64')
      .slice(4, 16),
  )
  return [secret.slice(0, 10), secret.slice(-10), encodeURIComponent(secret).slice(0, 16), ...base64].map((form) =>
    form.toLowerCase(),
  )
}

const home = newHome()
const traces: string[] = []
/** All that has left the process, by where. */
const outputs: Record<string, string> = {}
let provider: TestHttpServer
let mcp: TestHttpServer
let receiver: TestHttpServer

/** Refuses everything, and quotes all that it was sent, each time in another form. */
function startEchoingServer(...quoted: readonly string[]): Promise<TestHttpServer> {
  let count = 0
  return startHttpServer((incoming: IncomingMessage, response: ServerResponse) => {
    const form = echoForms[count % echoForms.length] ?? String
    count += 1
    const message = `Refused ${[...quoted, incoming.headers.authorization ?? ''].map(form).join(' and ')} at ${incoming.url}`
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message }, message }))
  })
}

beforeAll(async () => {
  provider = await startEchoingServer(secrets['the key of a provider'], secrets['a parameter of a provider URL'])
  mcp = await startEchoingServer(
    secrets['a header of an MCP server'],
    secrets['a parameter of an MCP URL'],
    secrets['a variable that config.json refers to'],
  )
  receiver = await startHttpServer((incoming, response) => {
    void readText(incoming).then((body) => {
      traces.push(body)
      response.end('{}')
    })
  })
  const parameter = secrets['a parameter of a provider URL']
  const providers = {
    echoing: {
      type: 'openai-compatible',
      baseURL: `${provider.url}/v1?code=${parameter}`,
      apiKey: secrets['the key of a provider'],
      models: ['test'],
    },
    mistaken: {
      type: 'openai-compatible',
      baseURL: 'https://models.invalid/v1',
      apiKeyEnv: secrets['a key that is in apiKeyEnv by mistake'],
    },
  }
  const environment = secrets['the environment of an MCP server']
  const env = { API_KEY: environment, KEY_OF_OURS: '${PLANTED_KEY}' }
  const mcpServers = {
    scripted: { command: process.execPath, args: [scriptedServerPath], env },
    broken: { command: process.execPath, args: [scriptedServerPath, 'broken'], env },
    remote: {
      type: 'http',
      url: `${mcp.url}/mcp?auth=${secrets['a parameter of an MCP URL']}`,
      headers: { authorization: `Bearer ${secrets['a header of an MCP server']}`, 'x-key': '${PLANTED_KEY}' },
    },
  }
  const config = { providers, mcpServers, approvals: { '*': 'allow' }, titles: false, model: 'offline/eliza' }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
})

afterAll(async () => {
  for (const server of [provider, mcp, receiver]) await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

const startedSchema = z.object({ startChat: z.object({ id: z.string(), session: z.object({ id: z.string() }) }) })

/** Has a message answered, and records what followers receive of it. Resolves to the id of its session. */
async function chat(url: string, text: string, model: string): Promise<string> {
  const query = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id session { id } } }'
  const { startChat } = await ask(url, startedSchema, { query, variables: { input: { text, model } } })
  const followers = [followOverWebSocket(url, startChat.id), followOverEventStream(url, startChat.id)]
  for (const follower of followers) await follower.waitForEnd()
  const details = `query ($id: ID!) {
    events(sessionId: $id) { __typename ... on ToolCallChanged { toolCall { result error } } ... on StreamFinished { stream { error { message } } } }
    session(id: $id) { messages { edges { node { text toolCalls { name result error } } } } }
  }`
  const answer = await request(url, { query: details, variables: { id: startChat.session.id } })
  outputs[`${model}: ${text}`] = JSON.stringify([followers.map(({ events }) => events), answer])
  return startChat.session.id
}

test('a planted secret is in nothing that leaves the process, in no form', { timeout }, async () => {
  const proxy = `http://somebody:${secrets['the password of a proxy']}@127.0.0.1:1`
  const env = {
    HOME: home,
    PLANTED_KEY: secrets['a variable that config.json refers to'],
    HTTPS_PROXY: proxy,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${secrets['the token of the receiver of traces']}`,
  }
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--log-level', 'debug']
  await using server = await startServerProcess({ argv, env })
  const { url } = server
  const sessions: string[] = []
  for (let n = 0; n < echoForms.length; n += 1) sessions.push(await chat(url, `Message ${n}`, 'echoing/test'))
  sessions.push(await chat(url, 'Hello', 'mistaken/test'))
  for (const tool of ['environment', 'quote', 'work', 'capabilities'])
    sessions.push(await chat(url, `/tool scripted__${tool} {}`, 'offline/eliza'))
  for (const [name, query] of Object.entries({
    providers: '{ providers { name state error models { qualifiedName } } }',
    mcpServers: '{ mcpServers { name state error tools { name description } } }',
    refused: `{ node(id: ${JSON.stringify(proxy)}) { id } nothing }`,
  }))
    outputs[name] = JSON.stringify(await (await post(url, query)).json())
  for (const path of ['metrics', 'ready', 'health']) outputs[path] = await (await fetch(`${url}/${path}`)).text()
  expect(await server.stop('SIGTERM')).toBe(0)
  outputs['stdout'] = server.output.stdout
  outputs['stderr'] = server.output.stderr
  outputs['traces'] = traces.join('\n')
  for (const id of sessions) {
    const { stdout, stderr } = await runToEnd({
      argv: ['export', id, '--output', '-', '--home', home, '--no-hermes'],
      env,
    })
    outputs[`export of ${id}`] = stdout + stderr
  }

  // What was searched is what there is to find.
  expect(outputs['stderr']).toContain('"level":20')
  expect(outputs['traces']).toContain('tool call')
  expect(provider.requests.length).toBeGreaterThanOrEqual(echoForms.length)
  expect(mcp.requests.length).toBeGreaterThan(0)
  const found = Object.entries(outputs).flatMap(([place, output]) =>
    Object.entries(secrets).flatMap(([what, secret]) => {
      const form = listForms(secret).find((each) => output.toLowerCase().includes(each))
      // A client that sends a secret gets it back.
      return form === undefined || (place === 'refused' && secret === secrets['the password of a proxy'])
        ? []
        : [`${what} is in ${place} as ${form}: ${excerpt(output, form)}`]
    }),
  )
  expect(found).toEqual([])
})

function excerpt(output: string, form: string): string {
  const index = output.toLowerCase().indexOf(form)
  return output.slice(Math.max(0, index - 100), index + 60)
}

const post = (url: string, query: string) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })

test('a token is in nothing that leaves the process, wherever a client has put it', { timeout }, async () => {
  const folder = newHome()
  const [admin, reader, wrong] = ['AdminToken-4455-asdfghjk', 'ReaderToken-6677-qwertzui', 'WrongToken-8899-yxcvbnml']
  const entry = { name: 'reader', sha256: sha256Hex(reader), role: 'read', profiles: ['default'] }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ tokens: [entry] }))
  const argv = ['--port', '0', '--home', folder, '--no-hermes', '--log-level', 'debug']
  await using server = await startServerProcess({ argv, env: { HOME: folder, SEGUE_TOKEN: admin } })
  const answers: string[] = []
  for (const token of [admin, reader, wrong]) {
    const authorization = `Bearer ${token}`
    const body = JSON.stringify({ query: `{ server { viewer { name role } } node(id: "x") { id } }` })
    const headers = { 'content-type': 'application/json', authorization }
    for (const init of [{ method: 'POST', headers, body }, { headers: { authorization } }])
      for (const path of ['/graphql', '/metrics', `/files/upl_1?token=${token}`, `/nowhere/${token}?token=${token}`]) {
        const response = await fetch(server.url + path, init)
        answers.push(JSON.stringify([...response.headers]), await response.text())
      }
    answers.push(await closeReasonOf(server.url, token))
  }
  expect(answers.join()).toContain('"reader"')
  expect(await server.stop('SIGTERM')).toBe(0)
  rmSync(folder, { recursive: true })
  const output = [...answers, server.output.stdout, server.output.stderr].join('\n').toLowerCase()
  for (const token of [admin, reader, wrong])
    expect(listForms(token).filter((form) => output.includes(form))).toEqual([])
})

/** Why the server closes a WebSocket whose client sends this token; the acknowledgement if it does not. */
async function closeReasonOf(url: string, token: string): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql?token=${token}`, 'graphql-transport-ws')
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { token } })))
  socket.on('message', (data) => resolve(String(data)))
  socket.on('close', (code, reason) => resolve(`${code} ${String(reason)}`))
  socket.on('error', (error) => resolve(error.message))
  return promise.finally(() => socket.terminate())
}

test('a start that fails says nothing of the settings that it was given', { timeout }, async () => {
  const folder = newHome()
  const key = secrets['the key of a provider']
  const config = { providers: { a: { type: 'openai', apiKey: key, apiKeyEnv: 'KEY', models: [] } }, port: 'many' }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const argv = ['--home', folder, '--no-hermes', '--tokn', key]
  const { code, stdout, stderr } = await runToEnd({ argv, env: { HOME: folder, KEY: key } })
  rmSync(folder, { recursive: true })
  expect(code).toBe(1)
  expect(stderr).toContain('providers')
  for (const form of listForms(key)) expect((stdout + stderr).toLowerCase()).not.toContain(form)
})
