import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { type ServerProcess, startServerProcess } from '../../support/server/server-process.ts'
import { newHome } from '../../support/server/segue.ts'

/** A server in a process of its own, with a home of its own, whose offline model takes seconds to answer. */
async function startServer(database: string): Promise<{ server: ServerProcess; client: ChatClient }> {
  const home = newHome()
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--offline-delay', '100']
  const server = await startServerProcess({ argv, env: { SEGUE_DATABASE_URL: database } })
  const client = new ChatClient(server.url)
  onTestFinished(async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })
  return { server, client }
}

/** Follows an answer to its end. `onText` is called with each piece of text. */
async function follow({ client }: { client: ChatClient }, id: string, onText: () => unknown) {
  let text = ''
  for await (const event of client.followStream(id)) {
    if (event.type === 'TextDelta') {
      text += event.text
      await onText()
    }
    if (event.type === 'StreamFinished') return { text, status: event.status }
  }
  throw new Error('The events ended before the stream.')
}

test('an answer of a server that is killed is ended by another one, with every word that a reader has seen', async () => {
  const database = await useTestDatabase()
  const [first, second] = [await startServer(database), await startServer(database)]
  const { id, session } = await first.client.start({ text: 'Who are you? Tell me all about yourself.' })
  const { text, status } = await follow(second, id, () => first.server.stop('SIGKILL'))
  expect([status, text.length > 0]).toEqual(['INTERRUPTED', true])
  const [, answer] = await second.client.messages(session.id)
  expect([answer?.text, answer?.status]).toEqual([text, 'PARTIAL'])
}, 60_000)

test('a server that was stopped for longer than its lease writes nothing more of the answer that it has lost', async () => {
  const database = await useTestDatabase()
  const [first, second] = [await startServer(database), await startServer(database)]
  const { id, session } = await first.client.start({ text: 'Who are you? Tell me all about yourself.' })
  const { text, status } = await follow(second, id, () => first.server.process.kill('SIGSTOP'))
  expect(status).toBe('INTERRUPTED')
  first.server.process.kill('SIGCONT')
  await expect
    .poll(() => first.server.output.stderr, { timeout: 20_000 })
    .toContain('Another process has ended a stream')
  const [, answer] = await second.client.messages(session.id)
  expect([answer?.text, answer?.status]).toEqual([text, 'PARTIAL'])
  expect((await first.client.messages(session.id))[1]).toEqual(answer)
  expect(await first.server.stop('SIGTERM')).toBe(0)
}, 60_000)
