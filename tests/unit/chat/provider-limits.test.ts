import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import type { ProviderStep } from '../../support/providers/openai-chunks.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'

/** Sends a step again and again, until the client has had enough. */
async function* repeat(first: readonly ProviderStep[], step: ProviderStep): AsyncGenerator<ProviderStep> {
  yield* first
  for (;;) {
    yield step
    await pause(50)
  }
}

describe.each<[string, ProviderStep]>([
  ['comments', { raw: ': keep-alive' }],
  ['empty pieces', { text: '' }],
])('a provider that sends only %s', (_, step) => {
  test('fails after limits.modelProgressSeconds, and keeps what came before', async () => {
    const limits = { modelProgressSeconds: 0.5, modelIdleSeconds: 0.4 }
    await using provided = await startSegueWithProvider({ limits })
    provided.provider.enqueue(repeat([{ text: 'Half' }], step))
    const { id } = await provided.client.start({ text: 'Hi' })
    const { stream, message } = await provided.newReader(id).readUntilType('StreamFinished')
    expect(stream).toMatchObject({
      status: 'FAILED',
      error: {
        code: 'TIMEOUT',
        message: 'The provider kept the connection open, but sent nothing of the answer for 0.5 seconds. Try again.',
      },
    })
    expect(message?.text).toBe('Half')
    expect(await (await provided.provider.waitForRequest(0)).closed).toBe('client')
  })
})

describe('with maxConcurrent 1', () => {
  async function startWorld(generateTitles: boolean) {
    await using resources = new AsyncDisposableStack()
    const provider = resources.use(await StrictProvider.start())
    const local = newProvider({ name: 'local', baseURL: provider.baseURL, models: ['test'], maxConcurrent: 1 })
    const limits = { ...defaultLimits, modelIdleSeconds: 0.5, modelProgressSeconds: 0.5 }
    const settings = { providers: [local], model: 'local/test', generateTitles, limits }
    const segue = resources.use(await startTestSegue({ settings }))
    const client = resources.use(new ChatClient(segue.url))
    const owned = resources.move()
    return { provider, segue, client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  }

  /** An answer that ends when `release` is called, and is never idle. */
  function newHeldScript(text: string): { script: AsyncGenerator<ProviderStep>; release: () => void } {
    const released = new AbortController()
    async function* script(): AsyncGenerator<ProviderStep> {
      while (!released.signal.aborted) {
        yield { text: `${text} ` }
        await pause(20)
      }
      yield { finish: 'stop' }
    }
    return { script: script(), release: () => released.abort() }
  }

  test('an answer waits for the one before it, which counts to no timeout', async () => {
    await using world = await startWorld(false)
    const held = newHeldScript('First')
    world.provider.enqueue(held.script)
    world.provider.enqueue('Second.')
    const first = await world.client.start({ text: 'One' })
    await world.provider.waitForRequest(0)
    const second = await world.client.start({ text: 'Two' })
    // Longer than the idle timeout.
    await pause(700)
    expect(world.provider.requests).toHaveLength(1)
    expect((await world.client.stream(second.id)).status).toBe('RUNNING')
    held.release()
    for (const { id } of [first, second]) {
      const { stream } = await new EventReader(world.client.followStream(id)).readUntilType('StreamFinished')
      expect(stream.status).toBe('COMPLETED')
    }
  })

  test('an answer that waits can be stopped, and takes no turn', async () => {
    await using world = await startWorld(false)
    const held = newHeldScript('First')
    world.provider.enqueue(held.script)
    const first = await world.client.start({ text: 'One' })
    await world.provider.waitForRequest(0)
    const waiting = await world.client.start({ text: 'Two' })
    expect((await world.client.cancel(waiting.id)).stream.status).toBe('CANCELLED')
    held.release()
    await new EventReader(world.client.followStream(first.id)).readUntilType('StreamFinished')
    const third = await world.client.start({ text: 'Three' })
    await new EventReader(world.client.followStream(third.id)).readUntilType('StreamFinished')
    expect(world.provider.requests).toHaveLength(2)
  })

  test('a title waits until no answer does', async () => {
    await using world = await startWorld(true)
    const [first, second] = [newHeldScript('First'), newHeldScript('Second')]
    world.provider.enqueue(first.script)
    world.provider.enqueue(second.script)
    world.provider.enqueue('Third.')
    await world.client.start({ text: 'One' })
    await world.provider.waitForRequest(0)
    for (const text of ['Two', 'Three']) await world.client.start({ text })
    first.release()
    await world.provider.waitForRequest(1)
    second.release()
    const texts: string[] = []
    for (let index = 0; index < 4; index += 1) {
      const { body } = await world.provider.waitForRequest(index)
      texts.push(JSON.stringify(body.messages.at(-1)))
    }
    expect(texts.slice(0, 3).map((text) => /"(One|Two|Three)"/.exec(text)?.[1])).toEqual(['One', 'Two', 'Three'])
    expect(texts[3]).toContain('Write a title')
  })
})
