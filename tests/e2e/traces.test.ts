import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { followOverWebSocket } from '../support/clients/follower.ts'
import { scriptedServerPath } from '../support/mcp/servers.ts'
import { StrictProvider, toolCallSteps } from '../support/providers/strict-provider.ts'
import { ask, request } from '../support/server/graphql-request.ts'
import { newHome } from '../support/server/segue.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { startHttpServer } from '../support/server/small-server.ts'

const spanSchema = z.object({
  name: z.string(),
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }),
})
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.object({ key: z.string(), value: z.unknown() })) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
})

type Span = z.infer<typeof spanSchema>

/** A receiver of OTLP over HTTP, and what it has received. */
async function startReceiver() {
  const requests: { path: string; body: unknown }[] = []
  const server = await startHttpServer((incoming, response) => {
    void readText(incoming).then((body) => {
      requests.push({ path: incoming.url ?? '', body: JSON.parse(body) })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const listExports = () => requests.map(({ body }) => exportSchema.parse(body))
  return {
    url: server.url,
    requests,
    listResources: () => listExports().flatMap(({ resourceSpans }) => resourceSpans.map(({ resource }) => resource)),
    listSpans: (): Span[] =>
      listExports().flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const startChat = 'mutation Ask($input: StreamChatInput!) { startChat(input: $input) { id } }'
const startedSchema = z.object({ startChat: z.object({ id: z.string() }) })

async function startServer(env: Readonly<Record<string, string>>) {
  const home = newHome()
  const provider = await StrictProvider.start()
  const local = { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] }
  const mcpServers = { scripted: { command: process.execPath, args: [scriptedServerPath] } }
  const config = { model: 'local/test', providers: { local }, mcpServers, approvals: { '*': 'allow' }, titles: false }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  const server = await startServerProcess({
    argv: ['--port', '0', '--home', home, '--no-hermes'],
    env: { HOME: home, ...env },
  })
  return {
    server,
    provider,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await provider.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

test(
  'an operation, its stream, and the calls of models and tools are spans of one trace',
  { timeout: 60_000 },
  async () => {
    await using receiver = await startReceiver()
    await using started = await startServer({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'my-segue',
    })
    const { server, provider } = started
    provider.enqueue(toolCallSteps({ name: 'scripted__pid', input: {} }))
    provider.enqueue([{ text: 'Done.' }, { finish: 'stop' }])
    const answered = await ask(server.url, startedSchema, { query: startChat, variables: { input: { text: 'Go' } } })
    await followOverWebSocket(server.url, answered.startChat.id).waitForEnd()
    provider.enqueue([{ status: 400, body: { error: { message: 'No.' } } }])
    const failed = await ask(server.url, startedSchema, { query: startChat, variables: { input: { text: 'Fail' } } })
    await followOverWebSocket(server.url, failed.startChat.id).waitForEnd()
    await request(server.url, { query: 'mutation Stop { cancelStream(streamId: "str_nothing") { outcome } }' })
    expect(await server.stop('SIGTERM')).toBe(0)

    expect(receiver.requests.every(({ path }) => path === '/v1/traces')).toBe(true)
    const [resource] = receiver.listResources()
    expect(resource?.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'my-segue' } })
    const spans = receiver.listSpans()
    const find = (streamId: string) =>
      spans.find(({ name, attributes }) => name === 'stream' && hasValue(attributes, streamId))
    const stream = find(answered.startChat.id)
    const operation = spans.find(({ spanId }) => spanId === stream?.parentSpanId)
    expect(operation).toMatchObject({ name: 'mutation Ask', traceId: stream?.traceId })
    expect(operation?.parentSpanId ?? '').toBe('')
    const children = spans.filter(({ parentSpanId }) => parentSpanId === stream?.spanId)
    expect(children.map(({ name }) => name).toSorted()).toEqual(['model call', 'model call', 'tool call'])
    expect(children.every(({ traceId }) => traceId === stream?.traceId)).toBe(true)
    const tool = children.find(({ name }) => name === 'tool call')
    expect(hasValue(tool?.attributes ?? [], 'scripted__pid')).toBe(true)
    for (const { startTimeUnixNano, endTimeUnixNano } of spans)
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano))

    const failure = find(failed.startChat.id)
    expect(failure?.status.code).toBe(2)
    expect(failure?.traceId).not.toBe(stream?.traceId)
    expect(spans.find(({ name }) => name === 'mutation Stop')?.status).toMatchObject({ code: 2, message: 'NOT_FOUND' })
  },
)

test(
  'a caller with the header traceparent has its trace continued, on each transport',
  { timeout: 60_000 },
  async () => {
    await using receiver = await startReceiver()
    await using started = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
    const { url } = started.server
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'content-type': 'application/json' }
    const post = (query: string, others: Readonly<Record<string, string>> = {}) =>
      fetch(`${url}/graphql`, { method: 'POST', headers: { ...headers, ...others }, body: JSON.stringify({ query }) })
    await post('query Fast { server { version } }')
    await post('query Events { server { version } }', { accept: 'text/event-stream' })
    await fetch(`${url}/graphql?query=query+Get{server{version}}`, { headers })
    const batch = JSON.stringify([{ query: 'query Batch { server { version } }' }])
    await fetch(`${url}/graphql`, { method: 'POST', headers, body: batch })
    const socket = await RawSocket.connect(url, { headers })
    socket.send({ type: 'connection_init' })
    await socket.next()
    socket.subscribe('1', 'query Socket { server { version } }')
    await socket.nextFor('1')
    await post('query Wrong { server { version } }', { traceparent: '00-0-0-01' })
    expect(await started.server.stop('SIGTERM')).toBe(0)
    const continued = receiver.listSpans().filter((span) => span.traceId === traceId)
    expect(continued.map(({ name }) => name).toSorted()).toEqual([
      'query Batch',
      'query Events',
      'query Fast',
      'query Get',
      'query Socket',
    ])
    expect(continued.every(({ parentSpanId }) => parentSpanId === '00f067aa0ba902b7')).toBe(true)
    expect(receiver.listSpans().map(({ name }) => name)).toContain('query Wrong')
  },
)

function hasValue(attributes: Span['attributes'], value: string): boolean {
  return attributes.some((attribute) => attribute.value['stringValue'] === value)
}

test('a receiver that cannot be reached costs neither answers nor the shutdown', { timeout: 60_000 }, async () => {
  await using started = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  const { server, provider } = started
  provider.enqueue([{ text: 'Done.' }, { finish: 'stop' }])
  const answered = await ask(server.url, startedSchema, { query: startChat, variables: { input: { text: 'Go' } } })
  const follower = followOverWebSocket(server.url, answered.startChat.id)
  await follower.waitForEnd()
  expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  expect(await server.stop('SIGTERM')).toBe(0)
})
