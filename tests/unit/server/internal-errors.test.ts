import { onTestFinished, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

const query = '{ sessions { edges { node { id } } } }'
const errorsSchema = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string(), id: z.string() }) })),
})

/** A server whose tables are gone: whatever it does fails unexpectedly. */
async function startBrokenSegue(): Promise<TestSegue> {
  const segue = await startTestSegue()
  using database = TestDatabase.write(segue.home)
  database.exec('PRAGMA foreign_keys = OFF')
  for (const table of database.listTables().filter((name) => !/^sqlite_|_fts|search/.test(name)))
    database.exec(`DROP TABLE IF EXISTS "${table}"`)
  return segue
}

/** Expects an answer with an INTERNAL whose id is in the log, and which says nothing else. */
function expectInternal(segue: TestSegue, answer: unknown): void {
  const { errors } = errorsSchema.parse(answer)
  for (const { message, extensions } of errors) {
    expect(extensions.code).toBe('INTERNAL')
    expect(message).not.toContain('table')
    const logged = segue.warnings.filter((line) => line.includes(extensions.id))
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain('no such table')
    expect(logged[0]).toContain('"request":"')
  }
}

const post = (segue: TestSegue, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${segue.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

test('an unexpected error is INTERNAL with an id that is in the log: over HTTP', async () => {
  await using segue = await startBrokenSegue()
  expectInternal(segue, await (await post(segue, '/graphql', JSON.stringify({ query }))).json())
})

test('an unexpected error is INTERNAL with an id that is in the log: in a batch', async () => {
  await using segue = await startBrokenSegue()
  const [answer] = z.array(z.unknown()).parse(await (await post(segue, '/graphql', JSON.stringify([{ query }]))).json())
  expectInternal(segue, answer)
})

test('an unexpected error is INTERNAL with an id that is in the log: as an event stream', async () => {
  await using segue = await startBrokenSegue()
  const response = await post(segue, '/graphql', JSON.stringify({ query }), { accept: 'text/event-stream' })
  const data = /^data: (\{.*\})$/m.exec(await response.text())?.[1] ?? ''
  expectInternal(segue, JSON.parse(data))
})

test('an unexpected error is INTERNAL with an id that is in the log: over WebSocket', async () => {
  await using segue = await startBrokenSegue()
  const socket = new WebSocket(`${segue.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => socket.close())
  const { promise: answer, resolve } = Promise.withResolvers<unknown>()
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('message', (data) => {
    const message: { type: string; payload?: unknown } = JSON.parse(String(data))
    if (message.type === 'connection_ack')
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
    if (message.type === 'next') resolve(message.payload)
  })
  expectInternal(segue, await answer)
})

test('an unexpected error is INTERNAL with an id that is in the log: of an upload', async () => {
  await using segue = await startBrokenSegue()
  const response = await post(segue, '/files', 'text', { 'content-type': 'text/plain' })
  expect(response.status).toBe(500)
  expectInternal(segue, await response.json())
})

test('an unexpected error is INTERNAL with an id that is in the log: of a file', async () => {
  await using segue = await startBrokenSegue()
  const response = await fetch(`${segue.url}/files/upl_01k00000000000000000000000`)
  expect(response.status).toBe(500)
  expectInternal(segue, await response.json())
})
