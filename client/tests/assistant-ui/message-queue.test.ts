import type { AppendMessage } from '@assistant-ui/react'
import { expect, test } from 'vitest'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { toMessageQueue } from '../../src/assistant-ui/to-message-queue.ts'
import { newClient } from '../support/client.ts'
import { ShownChat } from '../support/shown-chat.ts'

function newMessage(text: string, custom: Record<string, unknown> = {}): AppendMessage {
  return {
    role: 'user',
    content: [{ type: 'text', text }],
    parentId: null,
    sourceId: null,
    runConfig: { custom },
    createdAt: new Date(0),
    attachments: [],
    metadata: { custom: {} },
  }
}

test('the queue of assistant-ui is that of the chat', async () => {
  await using server = await startSegueWithProvider()
  using client = newClient({ url: server.segue.url })
  server.provider.enqueue([{ text: 'On and on' }, { wait: new Promise(() => {}) }])
  using shown = new ShownChat(server.segue.url)
  const queue = () => toMessageQueue(client, shown.chat, shown.state)
  const prompts = () => [queue().steerItems, queue().items].map((items) => items.map(({ prompt }) => prompt).join())
  const untilPrompts = async (...expected: readonly string[]): Promise<void> => {
    await expect.poll(prompts).toEqual(expected)
  }
  const idOf = (text: string): string =>
    [...queue().items, ...queue().steerItems].find(({ prompt }) => prompt === text)?.id ?? ''

  queue().enqueue(newMessage('One', { model: 'strict/test', effort: 'low' }))
  await shown.until(() => shown.texts.at(-1) === 'On and on')
  expect(JSON.stringify(server.provider.requests[0]?.body)).toContain('"reasoning_effort":"low"')
  for (const [index, text] of ['Two', 'Three', 'Four'].entries()) {
    queue().enqueue(newMessage(text))
    await expect.poll(() => queue().items.length).toBe(index + 1)
  }
  queue().steer(newMessage('In short'))
  await untilPrompts('In short', 'Two,Three,Four')

  queue().move(idOf('Four'), { insertBefore: idOf('Two') })
  await untilPrompts('In short', 'Four,Two,Three')
  queue().move(idOf('Four'), { insertAfter: idOf('Two') })
  await untilPrompts('In short', 'Two,Four,Three')
  queue().move(idOf('Two'), { insertBefore: null })
  await untilPrompts('In short', 'Four,Three,Two')
  queue().move(idOf('Two'), { insertAfter: null })
  await untilPrompts('In short', 'Two,Four,Three')
  queue().edit(idOf('Four'), newMessage('Five'))
  await untilPrompts('In short', 'Two,Five,Three')
  queue().edit(idOf('In short'), newMessage('At length'))
  await untilPrompts('At length', 'Two,Five,Three')
  queue().remove(idOf('Five'))
  queue().remove(idOf('At length'))
  await untilPrompts('', 'Two,Three')
  server.provider.enqueue([{ text: 'At once' }, { wait: new Promise(() => {}) }])
  queue().move(idOf('Three'), { lane: 'steer' })
  await shown.until(() => shown.texts.at(-1) === 'At once')
  await untilPrompts('', 'Two')
  queue().remove('str_unknown')
  await shown.until(({ error }) => error?.code === 'NOT_FOUND')
})

test('a file of a message that waits is a part of its item', async () => {
  await using server = await startSegueWithProvider()
  using client = newClient({ url: server.segue.url })
  server.provider.enqueue([{ text: 'On and on' }, { wait: new Promise(() => {}) }])
  using shown = new ShownChat(server.segue.url)
  await shown.chat.send({ text: 'One' })
  await shown.until(() => shown.texts.at(-1) === 'On and on')
  const file = { name: 'a.txt', mediaType: 'text/plain', url: `data:text/plain;base64,${btoa('Buy milk.')}` }
  await shown.chat.send({ text: 'Read.', files: [file], ifBusy: 'QUEUE' })
  await shown.until(({ queue }) => queue.length === 1)

  const [item] = toMessageQueue(client, shown.chat, shown.state).items
  expect(item?.parts).toEqual([
    { type: 'text', text: 'Read.' },
    {
      type: 'file',
      data: expect.stringMatching(/^http:.*\/files\//),
      mimeType: 'text/plain',
      filename: 'a.txt',
    },
  ])
})
