import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { startServerProcess } from '../support/server/server-process.ts'

const newBusyScript = (retryAfter: string) => [
  { status: 429, body: { error: { message: 'Slow down.' } }, headers: { 'retry-after': retryAfter } },
]

test('E11 a stream that waits for its provider is RUNNING, and StreamChanged tells its retryAt', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue(newBusyScript('1'))
  provider.enqueue('Here.')
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  const waiting = await reader.readUntilType('StreamChanged')
  expect(waiting.stream).toMatchObject({ status: 'RUNNING', retryAt: expect.any(String) })
  expect((await client.stream(id)).retryAt).toBe(waiting.stream.retryAt)
  const cleared = await reader.readUntilType('StreamChanged')
  expect(cleared.stream).toMatchObject({ status: 'RUNNING', retryAt: null })
  expect(await reader.next()).toMatchObject({ type: 'TextDelta', seq: cleared.seq + 1 })
  expect((await reader.readUntilType('StreamFinished')).stream).toMatchObject({ status: 'COMPLETED', retryAt: null })
})

test('E11 a wait beyond the limit fails at once, with its time', async () => {
  await using provided = await startSegueWithProvider({ limits: { retrySeconds: 5 } })
  const { client, provider } = provided
  provider.enqueue(newBusyScript('6'))
  const { id } = await client.start({ text: 'Talk.' })
  const { stream } = await provided.newReader(id).readUntilType('StreamFinished')
  expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'RATE_LIMIT', retryAt: expect.any(String) } })
  expect(provider.requests).toHaveLength(1)
})

test('E11 R6 a crash ends the wait: nothing waits after the restart', { timeout: 60_000 }, async () => {
  await using provider = await StrictProvider.start()
  provider.enqueue(newBusyScript('50'))
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test' }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']
  const first = await startServerProcess({ argv })
  const before = new ChatClient(first.url)
  const { id, session } = await before.start({ text: 'Talk.' })
  await new EventReader(before.followStream(id)).readUntilType('StreamChanged')
  await first.stop('SIGKILL')
  await before[Symbol.asyncDispose]()

  await using server = await startTestSegueWithFlags({ argv })
  await using client = new ChatClient(server.url)
  expect(await client.stream(id)).toMatchObject({ status: 'INTERRUPTED', retryAt: null })
  const events = await new EventReader(client.followStream(id)).readToEnd()
  expect(events.map(({ type }) => type)).toEqual(['StreamStarted', 'StreamChanged', 'StreamChanged', 'StreamFinished'])
  expect((await client.start({ text: 'Again.', sessionId: session.id, ifBusy: 'REJECT' })).status).toBe('RUNNING')
})
