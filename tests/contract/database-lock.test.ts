import { describe, expect, test } from 'vitest'
import { readUntil } from './support/typed-client.ts'
import { isEventOfType, loadSession, newSession, streamChat } from './support/chat.ts'
import { transports } from './support/clients.ts'
import { newTestEnvironment } from './support/test-environment.ts'
import { TestDatabase } from '../support/storage/test-database.ts'

describe.each(transports)('While another program holds the write lock, over %s,', (transport) => {
  test('an answer and a mutation wait, reads go on, and nothing is lost', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider, segue } = environment
    const more = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half ' }, { wait: more.promise }, { text: 'an answer.' }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Hello' })
    const { last } = await readUntil(events, isEventOfType('TextDelta'))

    using lock = TestDatabase.write(segue.home)
    lock.exec('BEGIN IMMEDIATE')
    more.resolve()
    let isCreated = false
    const created = newSession(client).then((id) => {
      isCreated = true
      return id
    })
    const reader = environment.connect('http')
    // Reads that take several turns of the event loop while both wait.
    for (let reads = 0; reads < 20; reads += 1)
      expect(await loadSession(reader, last.sessionId)).toMatchObject({
        activeStream: { id: last.streamId },
      })
    expect(await fetch(new URL('/health', segue.url)).then(({ status }) => status)).toBe(200)
    expect(isCreated).toBe(false)

    lock.exec('COMMIT')
    const { last: finished } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(finished).toMatchObject({ stream: { status: 'COMPLETED' }, message: { text: 'Half an answer.' } })
    expect(await loadSession(client, await created)).toMatchObject({ headSeq: 0 })
    expect(segue.warnings).toEqual([])
  })
})
