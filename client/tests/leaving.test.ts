import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import { startHttpServer } from '../../tests/support/server/small-server.ts'
import { createLeavableIterator } from '../src/environment/leavable-iterator.ts'
import { type SegueClient, SegueError } from '../src/index.ts'
import { catchError, collect, newClient, transports } from './support/client.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(() => segue[Symbol.asyncDispose]())

const createSession = 'mutation { createSession(input: {}) { id } }'

async function newSession(client: SegueClient): Promise<string> {
  const data = await client.request<{ readonly createSession: { readonly id: string } }>(createSession)
  return data.createSession.id
}

describe.each(transports)('over %s,', (transport) => {
  test('an iteration of messages that waits for an event is left at once, as a page does that is closed', async () => {
    using client = newClient({ url: segue.url, transport })
    const messages = client.message(client.followSession(await newSession(client)))
    const waiting = messages.next()
    await messages.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  test.each(['conversations', 'decisions'] as const)(
    'an iteration of %s that waits for a change is left at once',
    async (name) => {
      using client = newClient({ url: segue.url, transport })
      const iterator = client[name]()[Symbol.asyncIterator]()
      while (!(await iterator.next()).value?.isLoading === false);
      const waiting = iterator.next()
      await iterator.return?.()
      expect(await waiting).toEqual({ done: true, value: undefined })
    },
  )

  test('an iteration that is left by its signal has no further value, also of those that have arrived', async () => {
    using client = newClient({ url: segue.url, transport })
    const events = await collect(client.chat({ text: 'Tell me something long.' }))
    const leaving = new AbortController()
    const received: string[] = []
    for await (const { type } of client.follow(events[0]?.streamId ?? '', { signal: leaving.signal })) {
      received.push(type)
      leaving.abort()
    }
    expect(received).toEqual(['StreamStarted'])
  })

  test.each(['conversations', 'decisions'] as const)(
    'a list of %s that was refused is read again by the next one who asks',
    async (name) => {
      let refusal: SegueError | null = new SegueError('UNAUTHENTICATED', 'Sign in.')
      const token = (): string => {
        if (refusal) throw refusal
        return 'token'
      }
      using client = newClient({ url: segue.url, transport, token })
      const list = client[name]()
      expect(await catchError(collect<unknown>(list))).toMatchObject({ code: 'UNAUTHENTICATED' })
      refusal = null
      for await (const { isLoading } of list) if (!isLoading) break
      expect(list.getSnapshot().error).toBe(null)
    },
  )

  test('an iteration whose signal was aborted before sends nothing', async () => {
    await using server = await startHttpServer((_, response) => response.end())
    using client = newClient({ url: server.url, transport })
    expect(await collect(client.message(client.chat({ text: 'Hi' }, { signal: AbortSignal.abort() })))).toEqual([])
    expect(server.requests).toHaveLength(0)
  })
})

test('an iteration that never began, or was left, listens to no signal any more', async () => {
  const signal = new CountingSignal()
  const start = async function* (): AsyncGenerator<number, void> {
    yield 1
  }
  createLeavableIterator(start, [signal])
  await createLeavableIterator(start, [signal]).return?.()
  await createLeavableIterator(start, [signal]).next()
  expect(signal.listenerCount).toBe(1)
  for await (const _ of createLeavableIterator(start, [signal])) break
  await collect(createLeavableIterator(start, [signal]))
  expect(signal.listenerCount).toBe(1)
})

test('many iterations with one signal are one listener of it: Node warns of more than ten', async () => {
  const signal = new CountingSignal()
  const start = async function* (leaving: AbortSignal): AsyncGenerator<number, void> {
    yield Number(leaving.aborted)
    await new Promise((resolve) => leaving.addEventListener('abort', resolve))
  }
  const iterators = Array.from({ length: 50 }, () => createLeavableIterator(start, [signal]))
  for (const iterator of iterators) await iterator.next()
  expect(signal.listenerCount).toBe(1)
  const waiting = iterators.map((iterator) => iterator.next())
  await iterators[0]?.return?.()
  expect(signal.listenerCount).toBe(1)
  signal.dispatchEvent(new Event('abort'))
  expect(await Promise.all(waiting)).toEqual(iterators.map(() => ({ done: true, value: undefined })))
  expect(signal.listenerCount).toBe(0)
})

/** A signal that knows how many listen to it. */
class CountingSignal extends EventTarget implements AbortSignal {
  readonly aborted = false
  readonly reason: unknown = undefined
  readonly onabort = null
  listenerCount = 0

  throwIfAborted(): void {}

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listenerCount += 1
    super.addEventListener(...args)
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listenerCount -= 1
    super.removeEventListener(...args)
  }
}
