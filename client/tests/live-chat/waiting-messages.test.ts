import { describe, expect, test } from 'vitest'
import { startSegueWithProvider, type SegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { getMessageText } from '../../src/live-chat/live-chat-message.ts'
import type { LiveChatState } from '../../src/react/index.ts'
import { newClient, transports } from '../support/client.ts'
import { ShownChat } from '../support/shown-chat.ts'

/** Starts an answer that holds after its first words, until `release` is called. */
async function startHeldAnswer({ client, provider }: SegueWithProvider) {
  const held = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' done.' }, { finish: 'stop' }])
  const { session } = await client.start({ text: 'Begin' })
  return { sessionId: session.id, release: held.resolve }
}

const steeringOf = ({ steering }: LiveChatState): string => steering.map(getMessageText).join()

describe.each(transports)('a message that is steered into an answer, over %s,', (transport) => {
  test('waits, joins the answer before it, and can be taken back until then', async () => {
    await using server = await startSegueWithProvider()
    const { sessionId, release } = await startHeldAnswer(server)
    server.provider.enqueue('And more.')
    using shown = new ShownChat(server.segue.url, { sessionId, transport })
    using other = new ShownChat(server.segue.url, { sessionId, transport })
    await shown.until(() => shown.texts.at(-1) === 'Half')

    await shown.chat.send({ text: 'In short', ifBusy: 'STEER' })
    await shown.chat.send({ text: 'No, at length', ifBusy: 'STEER' })
    await other.until((state) => steeringOf(state) === 'In short,No, at length')
    const second = other.state.steering[1]?.id ?? ''
    expect(await other.chat.withdraw(second)).toMatchObject({ id: second, status: 'WITHDRAWN' })
    await shown.until((state) => steeringOf(state) === 'In short')
    release()
    await shown.until(({ activeStream }) => activeStream === null)

    expect(shown.state.steering).toEqual([])
    const [begin, joined, answer] = shown.state.messages
    expect([begin, joined, answer].map((message) => message && getMessageText(message))).toEqual([
      'Begin',
      'In short',
      'Half done.And more.',
    ])
    expect(joined?.steering).toMatchObject({ state: 'APPLIED', step: 1, partIndex: 1 })
    await expect(shown.chat.withdraw(joined?.id ?? '')).rejects.toMatchObject({ code: 'STALE' })
    expect(shown.state.error?.code).toBe('STALE')
  })

  test('comes back when the answer is stopped, for the composer', async () => {
    await using server = await startSegueWithProvider()
    const { sessionId } = await startHeldAnswer(server)
    using shown = new ShownChat(server.segue.url, { sessionId, transport })
    await shown.until(() => shown.texts.at(-1) === 'Half')
    await shown.chat.send({ text: 'In short', ifBusy: 'STEER' })
    await shown.until((state) => steeringOf(state) === 'In short')

    const stopped = await shown.chat.stop()
    expect(stopped?.outcome).toBe('CANCELLED')
    expect(stopped?.withdrawn.map(getMessageText)).toEqual(['In short'])
    await shown.until(({ activeStream, steering }) => activeStream === null && steering.length === 0)
    expect(await shown.chat.stop()).toBeNull()
  })
})

test('stop ends the answer, also while a message is on its way to the queue', async () => {
  await using server = await startSegueWithProvider()
  const { sessionId } = await startHeldAnswer(server)
  server.provider.enqueue('Second.')
  using shown = new ShownChat(server.segue.url, { sessionId })
  await shown.until(() => shown.texts.at(-1) === 'Half')

  const sending = shown.chat.send({ text: 'Next', ifBusy: 'QUEUE' })
  const stopped = await shown.chat.stop()
  await sending

  expect(stopped?.message && getMessageText(stopped.message)).toBe('Half')
  await shown.untilTexts('Begin', 'Half', 'Next', 'Second.')
})

test('messages that are sent before a new chat has its session all go to that session', async () => {
  await using server = await startSegueWithProvider()
  server.provider.defaultAnswer = () => 'Yes.'
  using shown = new ShownChat(server.segue.url, { instructions: 'Be brief.' })

  const sending = ['One', 'Two', 'Three'].map((text) => shown.chat.send({ text, ifBusy: 'QUEUE' }))
  expect(shown.state.isSending).toBe(true)
  await Promise.all(sending)
  await shown.untilTexts('One', 'Yes.', 'Two', 'Yes.', 'Three', 'Yes.')

  expect(shown.state.isSending).toBe(false)
  using client = newClient({ url: server.segue.url })
  expect(await client.session(shown.state.sessionId ?? '')).toMatchObject({ ownInstructions: 'Be brief.' })
  expect(JSON.stringify(server.provider.requests[0]?.body)).toContain('Be brief.')
})

test('a message that is sent again with its key is the same', async () => {
  await using server = await startSegueWithProvider()
  using shown = new ShownChat(server.segue.url)
  await shown.chat.send({ text: 'One', key: 'my-message' })
  await shown.until(({ messages, activeStream }) => messages.length === 2 && activeStream === null)
  using again = new ShownChat(server.segue.url)
  await again.chat.send({ text: 'One', key: 'my-message' })
  expect(again.state.sessionId).toBe(shown.state.sessionId)
  expect(await server.client.messages(shown.state.sessionId ?? '')).toHaveLength(2)
})

test('a chat that was left while its first message was on its way does not come back', async () => {
  await using server = await startSegueWithProvider()
  using shown = new ShownChat(server.segue.url)
  const sending = shown.chat.send({ text: 'One' })
  shown.chat.open(null)
  expect(shown.state).toMatchObject({ sessionId: null, isSending: false })
  await sending
  expect(shown.state).toMatchObject({ sessionId: null, isSending: false, messages: [] })
  await shown.chat.send({ text: 'Another' })
  await shown.until(({ messages }) => messages.length === 2)
  expect(shown.texts[0]).toBe('Another')
})

test('the model, the effort and the title of a chat are changed in it, and its context is shown', async () => {
  await using server = await startSegueWithProvider()
  using shown = new ShownChat(server.segue.url)
  await shown.chat.send({ text: 'One', effort: 'high' })
  await shown.until(({ activeStream, context }) => activeStream === null && context !== null)
  expect(JSON.stringify(server.provider.requests[0]?.body)).toContain('"reasoning_effort":"high"')
  const before = shown.state.context?.tokens ?? Infinity

  await shown.chat.updateSession({ title: 'Trees', effort: 'low', instructions: 'Be brief. '.repeat(50) })
  await shown.until(
    ({ title, effort, context }) => title === 'Trees' && effort === 'low' && (context?.tokens ?? 0) > before,
  )
  await shown.chat.send({ text: 'Two', model: 'strict/test' })
  await shown.until(({ messages, activeStream }) => messages.length === 4 && activeStream === null)
  expect(JSON.stringify(server.provider.requests.at(-1)?.body)).toContain('"reasoning_effort":"low"')
})

test('a chat is marked as read up to what is shown', async () => {
  await using server = await startSegueWithProvider()
  using client = newClient({ url: server.segue.url })
  const { id, session } = await server.client.start({ text: 'One' })
  await server.newReader(id).readToEnd()
  const list = client.conversations({ ids: [session.id] })
  const leave = list.subscribe(() => undefined)
  await expect.poll(() => list.getSnapshot().conversations[0]?.attention).toBe('UNREAD')
  using shown = new ShownChat(server.segue.url, { sessionId: session.id })
  await shown.until(({ messages }) => messages.length === 2)

  await shown.chat.markRead()
  await expect.poll(() => list.getSnapshot().conversations[0]?.attention).toBe('IDLE')
  leave()
})
