import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'

async function connect({ url }: TestSegue): Promise<{ client: WebSocket; received: string[] }> {
  const client = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => client.terminate())
  const received: string[] = []
  client.on('message', (data) => received.push(String(data)))
  await once(client, 'open')
  client.send(JSON.stringify({ type: 'connection_init' }))
  await once(client, 'message')
  received.length = 0
  return { client, received }
}

const query = JSON.stringify({ type: 'subscribe', id: 'a', payload: { query: '{ __typename }' } })
const ping = (payload?: object): string => JSON.stringify({ type: 'ping', payload })

test('A ping is answered with its payload, if that is small', async () => {
  await using segue = await startTestSegue()
  const { client, received } = await connect(segue)
  for (const payload of [undefined, { at: 5 }, { text: 'x'.repeat(1_000_000) }]) client.send(ping(payload))
  await waitUntil(() => received.length === 3)
  expect(received.map((text): unknown => JSON.parse(text))).toEqual([
    { type: 'pong' },
    { type: 'pong', payload: { at: 5 } },
    { type: 'pong' },
  ])
})

test('Pings with a payload of megabytes leave nothing to send to a client that does not read', async () => {
  await using segue = await startTestSegue()
  const { client, received } = await connect(segue)
  client.pause()
  const text = 'x'.repeat(1024 * 1024)
  for (let count = 0; count < 30; count += 1) {
    client.send(ping({ text }))
    client.ping(Buffer.alloc(125))
  }
  client.send(query)
  // The server has read all of it, rather than waited for the client to read.
  await waitUntil(
    () => client.bufferedAmount === 0,
    () => client.bufferedAmount,
  )
  client.resume()
  await waitUntil(() => received.some((message) => message.includes('complete')))
  expect(Buffer.byteLength(received.join(''))).toBeLessThan(10_000)
})

test('A client that does not read gets no pongs beyond what fits the connection, and everything else', async () => {
  await using segue = await startTestSegue()
  const { client, received } = await connect(segue)
  client.pause()
  const count = 12_000
  for (let sent = 0; sent < count; sent += 1) client.send(ping({ text: 'x'.repeat(900) }))
  await waitUntil(
    () => client.bufferedAmount === 0,
    () => client.bufferedAmount,
  )
  client.resume()
  client.send(query)
  await waitUntil(() => received.some((message) => message.includes('complete')))
  expect(received.length).toBeGreaterThan(1)
  expect(received.length).toBeLessThan(count)
})
