import { expect, test } from 'vitest'
import { startOnSmallDisk } from '../../tests/support/server/small-disk.ts'
import { SegueError } from '../src/index.ts'
import { catchError, collect, newClient } from './support/client.ts'
import { ShownChat } from './support/shown-chat.ts'

const question = 'Tell me about your mother.'.repeat(20)

test(
  'readers of a full disk resume by themselves when there is room again, and receive the end',
  { timeout: 60_000 },
  async () => {
    await using server = await startOnSmallDisk({ argv: ['--offline-delay', '20'] })
    using client = newClient({ url: server.url, transport: 'sse' })
    using shown = new ShownChat(server.url, { transport: 'ws' })
    await shown.chat.send({ text: question })
    await shown.until(() => (shown.texts[1] ?? '') !== '')
    const { sessionId } = shown.state
    const followed = collect(client.follow(shown.state.activeStream?.id ?? ''))

    server.fillDisk()
    await expect.poll(async () => (await fetch(`${server.url}/ready`)).status).toBe(503)
    // It has received nothing before it is told.
    using reloaded = new ShownChat(server.url, { transport: 'sse', sessionId })
    await reloaded.until(({ messages }) => messages.length === 2)
    const refused = await catchError(collect(client.chat({ text: 'Another' })))
    expect(refused).toBeInstanceOf(SegueError)
    expect(refused).toMatchObject({ code: 'STORAGE', message: expect.stringContaining('full') })

    server.freeDisk()
    for (const chat of [shown, reloaded]) {
      await chat.until(({ messages }) => messages[1]?.stream?.status === 'FAILED')
      expect(chat.state).toMatchObject({ activeStream: null, error: null })
    }
    expect((await followed).at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'FAILED' } })

    await shown.chat.send({ text: 'Hello' })
    await reloaded.until(({ messages, activeStream }) => messages.length === 4 && activeStream === null)
  },
)
