import { answerThenWait, countEnds, runTurn } from '../../../support/fixtures/scripted-answers.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { describe, expect, test } from 'vitest'
import type { ConnectionFaults } from '../../../support/storage/faulty-connection.ts'
import { newChatFixture, newChatFixtureWith, newLatch } from '../../../support/fixtures/chats/agent-chats.ts'

const forever = new Promise<never>(() => {})

const unsaved = { code: 'STORAGE', message: expect.stringContaining('Follow it again') }

describe('a storage failure', () => {
  const full = new Error('database or disk is full')

  test('at the end of a stream is retried, and the end is saved with all pending text', async () => {
    await using fixture = newChatFixture(answerThenWait('Hello'))
    const stream = await fixture.start('Hi')
    let failures = 1
    fixture.hooks.beforeAppend = ({ events }) => {
      if (countEnds(events) > 0 && failures-- > 0) throw full
    }
    const result = await fixture.chats.cancel(stream.id)
    expect(result).toMatchObject({ outcome: 'CANCELLED', answer: { parts: [{ text: 'Hello' }] } })
    expect(countEnds(await fixture.readLog(stream.sessionId))).toBe(1)
    expect(fixture.loggedErrors).toEqual([full])
  })

  test('that lasts makes a cancel return an error in time, and the end is saved when the storage recovers', async () => {
    await using fixture = newChatFixture(answerThenWait('Hello'), answerThenWait('Second', Promise.resolve()))
    const stream = await fixture.start('Hi')
    const readers = await Promise.all([
      fixture.chats.subscriptions.subscribeToSession(stream.sessionId, 0),
      fixture.chats.subscriptions.subscribeToStream(stream.id, 0),
    ])
    const reading = Promise.all(readers.map((events) => expect(Array.fromAsync(events)).rejects.toMatchObject(unsaved)))
    let isFull = true
    fixture.hooks.beforeAppend = () => {
      if (isFull) throw full
    }
    const before = performance.now()
    await expect(fixture.chats.cancel(stream.id)).rejects.toMatchObject({ code: 'STORAGE' })
    expect(performance.now() - before).toBeLessThan(10_000)
    // All readers are told at once, also those that come later.
    await reading
    await expect(fixture.follow(stream.id)).rejects.toMatchObject(unsaved)

    isFull = false
    await waitUntil(() => fixture.chats.activeStreamCount === 0)
    expect(countEnds(await fixture.follow(stream.id))).toBe(1)
    expect(await fixture.chats.cancel(stream.id)).toMatchObject({
      outcome: 'ALREADY_CANCELLED',
      answer: { parts: [{ text: 'Hello' }] },
    })
    const second = await fixture.start('Again', { sessionId: stream.sessionId })
    expect((await fixture.follow(second.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('in the middle of a stream fails it, shows nothing of the failed batch, and keeps the text', async () => {
    const more = newLatch()
    await using fixture = newChatFixture(
      async function* () {
        yield { type: 'text', block: '1', text: 'Hello ' }
        await more.opened
        yield { type: 'text', block: '1', text: 'scripted' }
        await forever
      },
      answerThenWait('Second', Promise.resolve()),
    )
    const stream = await fixture.start('Hi')
    const reading = fixture.follow(stream.id)
    const failed = newLatch()
    const release = newLatch()
    const storedTypes: string[] = []
    fixture.hooks.beforeAppend = async ({ events }) => {
      if (countEnds(events) === 0) {
        failed.open()
        throw full
      }
      storedTypes.push(...(await fixture.readLog(stream.sessionId)).map(({ type }) => type))
      await release.opened
    }
    more.open()
    await failed.opened
    release.open()
    const events = await reading
    expect(storedTypes.filter((type) => type === 'TextDelta').length).toBeLessThan(2)
    expect(events.at(-1)).toMatchObject({
      type: 'StreamFinished',
      stream: { status: 'FAILED', error: { code: 'STORAGE' } },
    })
    delete fixture.hooks.beforeAppend
    expect((await fixture.findAnswer(stream.id))?.parts).toMatchObject([{ type: 'text', text: 'Hello scripted' }])
    const second = await fixture.start('Again', { sessionId: stream.sessionId })
    expect((await fixture.follow(second.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('at the start leaves no message, no stream and no key', async () => {
    await using fixture = newChatFixture(answerThenWait('Hello', Promise.resolve()))
    fixture.hooks.beforeAppend = () => {
      throw full
    }
    await expect(fixture.start('Hi', { key: 'k' })).rejects.toBe(full)
    expect(fixture.chats.activeStreamCount).toBe(0)
    delete fixture.hooks.beforeAppend
    const stream = await fixture.start('Hi', { key: 'k' })
    expect((await fixture.follow(stream.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })
})

describe.each([
  ['a full disk', 'SQLITE_FULL', 'FULL'],
  ['a failed flush to the disk', 'SQLITE_IOERR_FSYNC', 'IO'],
  ['a read-only disk', 'SQLITE_READONLY', 'READ_ONLY'],
])('%s at a commit', (_, commit, kind) => {
  test('ends the answer as FAILED with STORAGE as soon as that can be saved; reads go on', async () => {
    const more = newLatch()
    const databaseFaults: ConnectionFaults = { commit: null }
    await using fixture = newChatFixtureWith({ databaseFaults }, async function* () {
      yield { type: 'text', block: '1', text: 'Hello ' }
      await more.opened
      yield { type: 'text', block: '1', text: 'scripted' }
      await forever
    })
    const stream = await fixture.start('Hi')
    const reading = fixture.follow(stream.id)
    databaseFaults.commit = commit
    more.open()
    await expect(reading).rejects.toMatchObject(unsaved)
    const { health } = fixture.profile
    expect(health.problem).toMatchObject({ kind })
    await expect(fixture.start('Another')).rejects.toMatchObject({ name: 'StorageError', failure: kind })
    expect((await fixture.requireSession(stream.sessionId)).id).toBe(stream.sessionId)

    databaseFaults.commit = null
    await waitUntil(() => health.problem === null && fixture.chats.activeStreamCount === 0)
    expect((await fixture.follow(stream.id)).at(-1)).toMatchObject({
      stream: { status: 'FAILED', error: { code: 'STORAGE', message: expect.stringContaining('could not be saved') } },
    })
    expect((await fixture.findAnswer(stream.id))?.parts).toMatchObject([{ type: 'text', text: 'Hello scripted' }])
    expect(fixture.log).toHaveProperty('lines', expect.arrayContaining(['info: The storage works again.']))
  })

  test('is over when a probe can write, without a request', async () => {
    const databaseFaults: ConnectionFaults = { commit: null }
    await using fixture = newChatFixtureWith({ databaseFaults }, answerThenWait('Hello', Promise.resolve()))
    await runTurn(fixture)
    databaseFaults.commit = commit
    await expect(fixture.start('Hi')).rejects.toMatchObject({ failure: kind })
    databaseFaults.commit = null
    await waitUntil(() => fixture.profile.health.problem === null)
  })
})
