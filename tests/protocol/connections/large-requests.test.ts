import { expect, onTestFinished, test } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { hashDocument } from '../../../src/server/graphql/documents/automatic-persisted-queries.ts'
import { transports } from '../../support/clients/transports.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { startTestSegue } from '../../support/server/segue.ts'

const echo =
  'mutation ($input: StreamChatInput!) { startChat(input: $input) { session { messages { edges { node { text } } } } } }'
/** Every kind of character that JSON writes in its own way. */
const text = 'é "漢" \\ \n 😀 '.repeat(20_000)
const largeTransports = ['http', 'batch', 'sse', 'webSocket'] as const

async function openSocket(url: string): Promise<RawSocket> {
  const socket = await RawSocket.open(url)
  onTestFinished(() => socket.destroy())
  return socket
}

test.each(largeTransports)('A5 over %s, a large request arrives as it was sent', async (name) => {
  await using segue = await startTestSegue()
  const { data, errors } = await transports[name](segue.url, { query: echo, variables: { input: { text } } })
  expect(errors).toEqual([])
  expect(data).toHaveProperty('startChat.session.messages.edges.0.node.text', text)
})

test.each(['http', 'sse'] as const)('A5 over %s, a request with more than 20,000 values is TOO_LARGE', async (name) => {
  await using segue = await startTestSegue()
  const send = (count: number) =>
    transports[name](segue.url, { query: '{ server { version } }', variables: { list: Array(count).fill(10) } })
  expect((await send(19_000)).errors).toEqual([])
  const { errors } = await send(20_000)
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['TOO_LARGE'])
  expect(errors[0]?.message).toBe(
    'The JSON has more than 20000 values. Send at most 20000 values, for example in several requests.',
  )
})

test('A5 a request with more than 4 MiB beside long texts is TOO_LARGE', async () => {
  await using segue = await startTestSegue()
  const send = (count: number) =>
    transports.http(segue.url, {
      query: '{ server { version } }',
      variables: { list: Array(count).fill('x'.repeat(1000)) },
    })
  expect((await send(4100)).errors).toEqual([])
  expect((await send(4300)).errors).toMatchObject([{ extensions: { code: 'TOO_LARGE' } }])
})

test('A5 C1 a message with more than 20,000 values closes its socket with 1009', async () => {
  await using segue = await startTestSegue()
  const socket = await openSocket(segue.url)
  socket.subscribe('a', '{ server { version } }', { list: Array(20_000).fill(10) })
  expect(await socket.closed).toEqual({
    code: 1009,
    reason: 'The JSON has more than 20000 values. Send at most 20000 values, for example in several requests.',
  })
})

test('A5 C1 a large message that is not JSON closes its socket with 4400, as a small one does', async () => {
  await using segue = await startTestSegue()
  for (const message of ['{', `{"type":"${'x'.repeat(100_000)}`, `{${' '.repeat(100_000)}`]) {
    const socket = await openSocket(segue.url)
    socket.send(message)
    expect(await socket.closed).toEqual({ code: 4400, reason: 'Invalid message received' })
  }
})

test('A5 messages are handled in order, however large they are', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.connect(segue.url)
  onTestFinished(() => socket.destroy())
  // An operation before connection_init would close the socket.
  socket.send({ type: 'connection_init', payload: { padding: text } })
  socket.subscribe('a', '{ server { version } }', { padding: text })
  socket.send({ type: 'complete', id: 'a' })
  socket.subscribe('b', '{ server { version } }')
  expect((await socket.next()).type).toBe('connection_ack')
  expect((await socket.nextFor('b')).type).toBe('next')
})

test('A5 a persisted document with big integers is executed over WebSocket', async () => {
  await using segue = await startTestSegue()
  const query = 'query ($id: ID!) { job(id: $id) { id } }'
  const persistedQuery = { version: 1, sha256Hash: hashDocument(query) }
  await transports.http(segue.url, { query, variables: { id: 'x' }, extensions: { persistedQuery } })
  const socket = await openSocket(segue.url)
  const payload = `{"variables":{"id":12345678901234567890},"extensions":{"persistedQuery":${JSON.stringify(persistedQuery)}}}`
  socket.send(`{"id":"a","type":"subscribe","payload":${payload}}`)
  expect(await socket.nextFor('a')).toMatchObject({ type: 'next', payload: { data: { job: null } } })
})

test('A3 operations whose variables would take too much memory are RATE_LIMITED, and the others continue', async () => {
  await using segue = await startTestSegue({ settings: { limits: { ...defaultLimits, requestBytes: 50_000 } } })
  const socket = await openSocket(segue.url)
  const query = 'subscription { conversationsChanged { __typename } }'
  const subscribe = (id: string): void => socket.subscribe(id, query, { padding: 'x'.repeat(45_000) })
  for (const id of ['a', 'b', 'c', 'd', 'e']) subscribe(id)
  expect(await socket.nextFor('e')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'RATE_LIMITED' } }],
  })
  socket.send({ type: 'complete', id: 'a' })
  subscribe('f')
  socket.subscribe('g', '{ server { version } }')
  // The answer to an operation that is refused would come first.
  const { id, type } = await socket.next()
  expect([id, type]).toEqual(['g', 'next'])
})
