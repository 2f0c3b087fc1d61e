import { expect, test } from 'vitest'
import { start } from '../support/post.ts'
import { newProvidedSegue } from '../support/provided-segue.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { newSegue } from '../support/segue.ts'
import { followSessionQuery, streamChatQuery, toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'

const initialise = { type: 'connection_init' }
const query = '{ models { id } }'

test.for([
  [4400, 'what is no message', ['nonsense']],
  [4400, 'a message of no known type', [{ type: 'nonsense' }]],
  [4401, 'an operation before the connection is acknowledged', [{ id: '1', type: 'subscribe', payload: { query } }]],
  [4429, 'a second initialisation', [initialise, initialise]],
] as const)('C1 %i is the answer to %s', async ([code, , messages]) => {
  await using segue = await newSegue()
  const socket = await RawSocket.connect(segue.url)
  for (const message of messages) socket.send(message)
  expect((await socket.closed).code).toBe(code)
  expect(segue.warnings).toEqual([])
})

test('C1 4406 is the answer to a protocol other than graphql-transport-ws', async () => {
  await using segue = await newSegue()
  const socket = await RawSocket.connect(segue.url, { protocol: null })
  expect((await socket.closed).code).toBe(4406)
})

test('C1 4408 is the answer to one that does not initialise its connection', async () => {
  await using segue = await newSegue()
  const socket = await RawSocket.connect(segue.url)
  expect((await socket.closed).code).toBe(4408)
})

test('C1 4409 is the answer to an id that is in use; the answer that it follows runs on', async () => {
  await using provided = await newProvidedSegue()
  const { provider, segue } = provided
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.next([{ text: 'Half' }, { wait: held }, { text: ' and half.' }, { finish: 'stop' }])
  const socket = await RawSocket.open(segue.url)
  const id = crypto.randomUUID()
  socket.subscribe(id, streamChatQuery, { input: { text: 'Talk.' } })
  expect(toldBy((await socket.next()).payload).type).toBe('StreamStarted')
  socket.subscribe(id, query)
  expect((await socket.closed).code).toBe(4409)
  go()
  expect(await (await provider.request(0)).closed).toBe('provider')
})

test('C1 1001 says that the server stops, once everybody was told how their answers ended', async () => {
  const provided = await newProvidedSegue()
  const { provider, segue } = provided
  provider.next([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  const sockets = await Promise.all([RawSocket.open(segue.url), RawSocket.open(segue.url)])
  const [talker, idler] = sockets
  talker?.subscribe('1', streamChatQuery, { input: { text: 'Talk.' } })
  await talker?.next()
  await talker?.next()
  await provided[Symbol.asyncDispose]()
  expect(await talker?.closed).toEqual({ code: 1001, reason: 'The server stops.' })
  expect((await idler?.closed)?.code).toBe(1001)
  expect(toldBy((await talker?.next())?.payload).type).toBe('StreamFinished')
  expect(await talker?.next()).toEqual({ id: '1', type: 'complete' })
})

test('C1 what comes behind a close begins nothing, and nobody holds up the end of the server', async () => {
  const segue = await newSegue()
  const { sessionId } = await start(segue.url, { text: 'Hello.' })
  await until(() => segue.domain.chats.unfinished === 0)
  const socket = await RawSocket.open(segue.url)
  socket.subscribe('1', followSessionQuery, { id: sessionId })
  await socket.next()
  // It neither reads the close nor answers it.
  socket.pause()
  socket.send('nonsense')
  socket.subscribe('2', streamChatQuery, { input: { text: 'Talk.', sessionId } })
  socket.send(initialise)
  await until(() => segue.domain.chats.log.held.waiting === 0)
  expect(segue.domain.chats.unfinished).toBe(0)
  await segue[Symbol.asyncDispose]()
  socket.resume()
  expect((await socket.closed).code).toBe(4400)
})
