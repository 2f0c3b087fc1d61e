import { answerThenWait, countEnds } from '../../../support/fixtures/scripted-answers.ts'
import { describe, expect, test } from 'vitest'
import { newLatch, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'

const forever = new Promise<never>(() => {})

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
    const [read] = await Promise.all([fixture.chats.subscriptions.subscribeToSession(stream.sessionId, 0), undefined])
    const received: { seq: number; type: string }[] = []
    const reading = (async () => {
      for await (const event of { [Symbol.asyncIterator]: () => read }) {
        received.push(event)
        if (event.type === 'StreamFinished') return
      }
    })()
    let isFull = true
    fixture.hooks.beforeAppend = () => {
      if (isFull) throw full
    }
    const before = performance.now()
    await expect(fixture.chats.cancel(stream.id)).rejects.toMatchObject({ code: 'STORAGE' })
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(countEnds(received)).toBe(0)

    isFull = false
    await reading
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
      stream: { status: 'FAILED', error: { code: 'PROVIDER' } },
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
