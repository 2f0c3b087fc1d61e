import { expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { followOverEventStream, followOverWebSocket } from '../../support/clients/follower.ts'
import { newTestToken } from '../../support/config/test-token.ts'
import { request } from '../../support/server/graphql-request.ts'
import { graphqlPost, sendHttpRequest } from '../../support/server/http-exchange.ts'
import { loadMetrics, type MetricSample, sumOf } from '../../support/server/metrics.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'
import { startTestSegue } from '../../support/server/segue.ts'

/** Loads the metrics until a value is as expected: what a reader accepts last is counted after it was received. */
async function waitForMetric(
  url: string,
  name: string,
  isReached: (value: number) => boolean,
): Promise<MetricSample[]> {
  return expect
    .poll(async () => isReached(sumOf(await loadMetrics(url), name)))
    .toBe(true)
    .then(() => loadMetrics(url))
}

test('operations are counted by type, name and code, over HTTP and as event streams, with their durations', async () => {
  await using segue = await startTestSegue()
  const { url } = segue
  await request(url, { query: 'query Sidebar { sessions { edges { node { id } } } }' })
  await request(url, { query: '{ server { version } }' })
  await request(url, { query: 'mutation Stop { cancelStream(streamId: "str_nothing") { outcome } }' })
  for (const query of ['{ nothing }', '{']) {
    const body = JSON.stringify({ query })
    await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  }
  await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'query Sidebar { sessions { edges { node { id } } } }' }),
  }).then((response) => response.text())
  const samples = await loadMetrics(url)
  const count = (labels: Record<string, string>): number => sumOf(samples, 'segue_operations_total', labels)
  expect(count({ type: 'query', name: 'Sidebar', code: 'OK' })).toBe(2)
  expect(count({ type: 'query', name: '', code: 'OK' })).toBe(1)
  expect(count({ type: 'mutation', name: 'Stop', code: 'NOT_FOUND' })).toBe(1)
  expect(count({ type: 'refused', code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1)
  expect(count({ type: 'refused', code: 'GRAPHQL_PARSE_FAILED' })).toBe(1)
  expect(sumOf(samples, 'segue_operation_duration_seconds_count', { name: 'Sidebar' })).toBe(2)
})

test('a token of one profile sees the numbers of the server, and no name of another profile, of a chat or of an id', async () => {
  const [phone, laptop] = [newTestToken('phone', 'USER', ['default']), newTestToken('laptop', 'ADMIN')]
  await using segue = await startTestSegue({ settings: { tokens: [phone, laptop] } })
  const query = `mutation Start {
    createProfile(name: "hidden-work") { name }
    startChat(input: { text: "Remember the walrus.", profile: "hidden-work" }) { id }
  }`
  const start = await sendHttpRequest(segue.url, graphqlPost(query, laptop.headers))
  const [streamId = ''] = /str_\w+/.exec(start.text) ?? []
  expect(streamId).not.toBe('')
  expect((await fetch(`${segue.url}/metrics`)).status).toBe(401)
  const text = await (await fetch(`${segue.url}/metrics`, { headers: phone.headers })).text()
  expect(text).toContain('segue_operations_total{type="mutation",name="Start",code="OK"} 1')
  for (const hidden of ['hidden-work', 'walrus', streamId, 'phone', 'laptop']) expect(text).not.toContain(hidden)
})

test('operations have at most 100 names; the rest is other, and so is a name that is too long', async () => {
  await using segue = await startTestSegue()
  for (const name of ['x'.repeat(65), ...Array.from({ length: 105 }, (_, index) => `Name${index}`)])
    await request(segue.url, { query: `query ${name} { server { version } }` })
  const samples = await loadMetrics(segue.url)
  const names = samples.filter(({ name }) => name === 'segue_operations_total').map(({ labels }) => labels['name'])
  expect(new Set(names).size).toBe(101)
  expect(sumOf(samples, 'segue_operations_total', { name: 'other' })).toBe(6)
})

test('a stream is counted by its state and by its end, with the time to its first token and what it has called', async () => {
  await using server = await startSegueWithProvider()
  const { segue, provider } = server
  const held = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One' }, { wait: held.promise }, { text: ' two' }, { finish: 'stop' }])
  provider.enqueue([{ status: 400, body: { error: { message: 'No.' } } }])
  await using client = new ChatClient(segue.url)
  const reader = new EventReader(client.streamChat({ text: 'Count.' }))
  await reader.readUntilType('TextDelta')
  const during = await loadMetrics(segue.url)
  expect(sumOf(during, 'segue_streams', { state: 'RUNNING' })).toBe(1)
  expect(sumOf(during, 'segue_readers')).toBe(1)
  expect(sumOf(during, 'segue_time_to_first_token_seconds_count')).toBe(1)
  held.resolve()
  await reader.readUntilType('StreamFinished')
  await new EventReader(client.streamChat({ text: 'Fail.' })).readUntilType('StreamFinished')

  const after = await waitForMetric(segue.url, 'segue_streams_ended_total', (count) => count === 2)
  expect(sumOf(after, 'segue_streams', { state: 'RUNNING' })).toBe(0)
  expect(sumOf(after, 'segue_streams_ended_total', { status: 'COMPLETED', code: '' })).toBe(1)
  expect(sumOf(after, 'segue_streams_ended_total', { status: 'FAILED' })).toBe(1)
  expect(sumOf(after, 'segue_model_call_duration_seconds_count', { purpose: 'ANSWER' })).toBe(2)
})

test('what live readers receive is timed from its commit, over WebSocket and event streams', async () => {
  await using server = await startSegueWithProvider()
  const { segue, provider, client } = server
  const held = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One' }, { wait: held.promise }, { text: ' two' }, { wait: new Promise(() => undefined) }])
  const { id } = await client.start({ text: 'Count.' })
  const followers = [followOverWebSocket(segue.url, id), followOverEventStream(segue.url, id)]
  for (const follower of followers) await follower.waitForDeltas(1)
  held.resolve()
  for (const follower of followers) await follower.waitForDeltas(2)
  await waitForMetric(segue.url, 'segue_commit_to_delivery_seconds_count', (count) => count >= 2)
})

test('searches, database sizes, queues and the delay of the event loop are measured', async () => {
  await using segue = await startTestSegue()
  await using client = new ChatClient(segue.url)
  await new EventReader(client.streamChat({ text: 'Hello' })).readUntilType('StreamFinished')
  await request(segue.url, { query: '{ search(query: "hello") { edges { node { __typename } } } }' })
  const samples = await loadMetrics(segue.url)
  expect(sumOf(samples, 'segue_search_duration_seconds_count')).toBeGreaterThan(0)
  expect(sumOf(samples, 'segue_database_bytes', { file: 'segue.db' })).toBeGreaterThan(0)
  const queues = samples.filter(({ name }) => name === 'segue_queue_length').map(({ labels }) => labels['queue'])
  expect(queues.toSorted()).toEqual(['job_runs', 'searches', 'streams'])
  expect(samples.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'nodejs_eventloop_lag_p99_seconds',
      'segue_recovered_streams_total',
      'segue_refused_writes_total',
    ]),
  )
})
