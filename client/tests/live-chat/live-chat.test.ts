import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import { startHttpServer } from '../../../tests/support/server/small-server.ts'
import { HermesDb } from '../../../tests/support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue } from '../../../tests/support/server/segue.ts'
import { waitUntil } from '../../../tests/support/wait-until.ts'
import { LiveChat, type LiveChatState } from '../../src/react/index.ts'
import { computeMessageDigest, createSegueClient } from '../../src/index.ts'
import { getMessageText } from '../../src/live-chat/live-chat-message.ts'
import { ShownChat } from '../support/shown-chat.ts'

test('a new chat begins with its first message, and goes on in its session', async () => {
  await using server = await startSegueWithProvider()
  server.provider.enqueue('First answer.')
  server.provider.enqueue('Second answer.')
  using shown = new ShownChat(server.segue.url)
  expect(shown.state).toMatchObject({ sessionId: null, isLoading: false, messages: [] })

  await shown.chat.send({ text: 'One' })
  await shown.untilTexts('One', 'First answer.')
  const { sessionId } = shown.state
  await shown.chat.send({ text: 'Two' })
  await shown.untilTexts('One', 'First answer.', 'Two', 'Second answer.')

  expect(shown.state).toMatchObject({ sessionId, isSending: false, error: null, conversationId: `cnv_${sessionId}` })
  const saved = await server.client.messages(sessionId ?? '')
  expect(shown.state.messages.map(({ id, status }) => [id, status])).toEqual(
    saved.map(({ id, status }) => [id, status]),
  )
})

test('what others do in the chat is shown, and what has not changed stays the same object', async () => {
  await using server = await startSegueWithProvider()
  const first = await server.client.start({ text: 'One' })
  await server.newReader(first.id).readToEnd()
  const sessionId = first.session.id
  using shown = new ShownChat(server.segue.url, { sessionId })
  expect(shown.state.isLoading).toBe(true)
  await shown.until(({ isLoading }) => !isLoading)
  const before = shown.state.messages

  await server.client.start({ text: 'Two', sessionId })
  await shown.until(({ messages, activeStream }) => messages.length === 4 && activeStream === null)

  expect(shown.state.messages[0]).toBe(before[0])
  expect(shown.state.messages[1]).toBe(before[1])
})

test('an answer that was followed to its end has the saved digest, and the times of its stream', async () => {
  await using server = await startSegueWithProvider()
  const rest = newLatch()
  server.provider.enqueue([{ text: 'An ' }, { wait: rest.opened }, { text: 'answer.' }, { finish: 'stop' }])
  using shown = new ShownChat(server.segue.url)
  await shown.chat.send({ text: 'One' })
  await shown.until(() => shown.texts.at(-1) === 'An ')
  rest.open()
  await shown.until(({ messages }) => messages.at(-1)?.status === 'COMPLETE')
  const answer = shown.state.messages.at(-1)
  expect(answer?.savedDigest).toBe(answer && (await computeMessageDigest(answer)))
  const { startedAt = 0, finishedAt } = answer?.stream ?? {}
  expect(answer?.createdAt).toBeGreaterThanOrEqual(startedAt)
  expect(finishedAt).toBeGreaterThanOrEqual(answer?.createdAt ?? Infinity)

  using read = new ShownChat(server.segue.url, { sessionId: shown.state.sessionId })
  await read.until(({ messages }) => messages.length === 2)
  expect(read.state.messages.at(-1)).toMatchObject({ savedDigest: null, stream: { startedAt, finishedAt } })
})

test('a chat that nobody looks at any more starts again when somebody does', async () => {
  await using server = await startSegueWithProvider()
  const { id, session } = await server.client.start({ text: 'One' })
  await server.newReader(id).readToEnd()
  const client = createSegueClient({ url: server.segue.url })
  const chat = new LiveChat(client, { sessionId: session.id })
  const leave = chat.subscribe(() => undefined)
  await waitUntil(() => chat.getSnapshot().messages.length === 2)
  leave()
  const second = await server.client.start({ text: 'Two', sessionId: session.id })
  await server.newReader(second.id).readToEnd()
  expect(chat.getSnapshot().messages).toHaveLength(2)

  const leaveAgain = chat.subscribe(() => undefined)
  await waitUntil(() => chat.getSnapshot().messages.length === 4)
  leaveAgain()
  client.close()
})

test('messages that wait are shown from the first read on, and can be changed, moved, sent now and taken back', async () => {
  await using server = await startSegueWithProvider()
  const never = new Promise<never>(() => {})
  server.provider.enqueue([{ text: 'On and on' }, { wait: never }])
  const first = await server.client.start({ text: 'One' })
  const sessionId = first.session.id
  const queued: string[] = []
  for (const text of ['Two', 'Three', 'Four'])
    queued.push((await server.client.start({ sessionId, text, ifBusy: 'QUEUE' })).id)
  const [two = '', three = '', four = ''] = queued
  using shown = new ShownChat(server.segue.url, { sessionId })
  using other = new ShownChat(server.segue.url, { sessionId })
  const queueOf = ({ queue }: LiveChatState) => queue.map(({ message }) => getMessageText(message)).join()
  await shown.until((state) => queueOf(state) === 'Two,Three,Four')
  await other.until((state) => queueOf(state) === 'Two,Three,Four')
  const [, unchanged] = other.state.queue

  await shown.chat.moveQueued(four, two)
  await other.until((state) => queueOf(state) === 'Four,Two,Three')
  await shown.chat.updateQueued(two, { text: 'Five' })
  await other.until((state) => queueOf(state) === 'Four,Five,Three')
  expect(other.state.queue[2]).toBe(unchanged)
  await shown.chat.cancelQueued(four)
  await other.until((state) => queueOf(state) === 'Five,Three')

  server.provider.enqueue([{ text: 'At once' }, { wait: never }])
  await shown.chat.sendQueued(three)
  await other.until((state) => queueOf(state) === 'Five' && other.texts.at(-1) === 'At once')
  expect(other.state.activeStream?.id).toBe(three)
  await expect(shown.chat.updateQueued(three, { text: 'Late' })).rejects.toMatchObject({ code: 'STALE' })
  await shown.until(() => shown.state.error !== null)
  server.provider.enqueue('The end.')
  await shown.chat.stop()
  await other.until(({ queue, activeStream }) => queue.length === 0 && activeStream === null)
  const said = other.state.messages.filter(({ role }) => role === 'USER')
  expect(said.map((message) => [getMessageText(message), message.status])).toEqual([
    ['One', 'COMPLETE'],
    ['Four', 'WITHDRAWN'],
    ['Three', 'COMPLETE'],
    ['Five', 'COMPLETE'],
  ])
})

test('a chat whose client is closed while it is read has no error', async () => {
  await using server = await startHttpServer(() => {})
  const client = createSegueClient({ url: server.url })
  const chat = new LiveChat(client, { sessionId: 'ses_1' })
  const errors: (Error | null)[] = []
  const leave = chat.subscribe(() => errors.push(chat.getSnapshot().error))
  await waitUntil(() => server.requests.length === 1)
  client.close()
  await expect(chat.cancelQueued('str_1')).rejects.toMatchObject({ name: 'AbortError' })
  expect(errors).toEqual([])
  leave()
})

test('a listener that is given twice is removed once for each time', () => {
  const chat = new LiveChat(createSegueClient({ url: 'http://127.0.0.1:1', transport: 'sse' }), { sessionId: null })
  let callCount = 0
  const listener = (): void => void (callCount += 1)
  const leaves = [chat.subscribe(listener), chat.subscribe(listener)]
  leaves[0]?.()
  chat.open('ses_1')
  expect(callCount).toBe(1)
  leaves[1]?.()
  chat.open('ses_2')
  expect(callCount).toBe(1)
})

test('stop ends the answer, also right after it was sent', async () => {
  await using server = await startSegueWithProvider()
  server.provider.defaultAnswer = () => [{ text: 'On and on' }, { wait: new Promise(() => {}) }]
  using shown = new ShownChat(server.segue.url)

  const sending = shown.chat.send({ text: 'Talk.' })
  await shown.chat.stop()
  await sending
  await shown.until(
    ({ activeStream, messages }) => activeStream === null && messages[0]?.stream?.status === 'CANCELLED',
  )

  await shown.chat.send({ text: 'Talk.' })
  await shown.until(() => shown.texts.at(-1) === 'On and on')
  await shown.chat.stop()
  await shown.until(({ activeStream }) => activeStream === null)
  expect(shown.state.messages.at(-1)).toMatchObject({ status: 'PARTIAL', stream: { status: 'CANCELLED' } })
})

test('messages wait for their turn, and can be taken back', async () => {
  await using server = await startSegueWithProvider()
  const finished = Promise.withResolvers<void>()
  server.provider.enqueue([{ text: 'First' }, { wait: finished.promise }, { finish: 'stop' }])
  server.provider.enqueue('Second')
  using shown = new ShownChat(server.segue.url)
  await shown.chat.send({ text: 'One' })
  await shown.until(() => shown.texts.at(-1) === 'First')

  await shown.chat.send({ text: 'Two', ifBusy: 'QUEUE' })
  await shown.chat.send({ text: 'Three', ifBusy: 'QUEUE' })
  await shown.until(({ queue }) => queue.length === 2)
  expect(shown.texts).toEqual(['One', 'First'])
  await shown.chat.cancelQueued(shown.state.queue[1]?.stream.id ?? '')
  await shown.until(({ queue }) => queue.length === 1)
  finished.resolve()

  await shown.until(({ queue, activeStream }) => queue.length === 0 && activeStream === null)
  expect(shown.texts.filter((text) => text !== 'Three')).toEqual(['One', 'First', 'Two', 'Second'])
  expect(shown.state.messages.find(({ status }) => status === 'WITHDRAWN')).toBeDefined()
})

test('what the server refuses rejects, and is the error until the next action', async () => {
  await using server = await startSegueWithProvider()
  using shown = new ShownChat(server.segue.url)
  await expect(shown.chat.send({ text: 'Hello', model: 'nobody/nothing' })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  expect(shown.state).toMatchObject({ error: { code: 'BAD_USER_INPUT' }, isSending: false, sessionId: null })
  await shown.chat.send({ text: 'Hello' })
  expect(shown.state.error).toBeNull()
})

test('a session that does not exist, or is deleted, is an error', async () => {
  await using server = await startSegueWithProvider()
  using missing = new ShownChat(server.segue.url, { sessionId: 'ses_missing' })
  await missing.until(({ error }) => error !== null)
  expect(missing.state).toMatchObject({ error: { code: 'NOT_FOUND' }, isLoading: false })

  const sessionId = await server.client.createSession()
  using deleted = new ShownChat(server.segue.url, { sessionId })
  await deleted.until(({ isLoading }) => !isLoading)
  await server.client.ask('mutation ($id: ID!) { deleteSession(id: $id) }', { id: sessionId })
  await deleted.until(({ error }) => error !== null)
  expect(deleted.state).toMatchObject({ error: { code: 'NOT_FOUND' } })
})

test('approvals and questions are shown with their tool calls', async () => {
  await using segue = await startTestSegue()
  using shown = new ShownChat(segue.url)
  await shown.chat.send({ text: '/ask Which one?' })
  const findQuestion = () =>
    shown.state.messages.flatMap(({ decisions }) => Object.values(decisions)).find(({ clarification }) => clarification)
      ?.clarification
  await shown.until(() => findQuestion()?.state === 'PENDING')

  await shown.chat.answerClarification(findQuestion()?.id ?? '', { answer: 'This one.' })
  await shown.until(({ activeStream }) => activeStream === null)

  expect(findQuestion()).toMatchObject({ state: 'ANSWERED', answer: 'This one.' })
  using reloaded = new ShownChat(segue.url, { sessionId: shown.state.sessionId })
  await reloaded.until(({ messages }) => messages.length === 2)
  expect(reloaded.state.messages[1]?.decisions).toEqual(shown.state.messages[1]?.decisions)
})

describe('a chat goes on in another session', () => {
  test('when it is compacted: messages stay, and new ones are sent there', async () => {
    await using server = await startSegueWithProvider()
    server.provider.defaultAnswer = () => 'An answer.'
    using shown = new ShownChat(server.segue.url)
    await shown.chat.send({ text: 'One' })
    await shown.untilTexts('One', 'An answer.')
    await shown.chat.send({ text: 'Two' })
    await shown.until(({ messages, activeStream }) => messages.length === 4 && activeStream === null)
    const { sessionId } = shown.state

    await server.client.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id: sessionId })
    await shown.until((state) => state.sessionId !== sessionId)
    expect(shown.texts.slice(0, 4)).toEqual(['One', 'An answer.', 'Two', 'An answer.'])
    expect(shown.state.messages.some(({ kind }) => kind === 'SUMMARY')).toBe(true)
    await shown.chat.send({ text: 'Three' })
    await shown.until(({ activeStream }) => activeStream === null && shown.texts.at(-2) === 'Three')

    using reopened = new ShownChat(server.segue.url, { sessionId })
    await reopened.until(({ isLoading }) => !isLoading)
    expect(reopened.texts).toEqual(shown.texts)
    expect(reopened.state.sessionId).toBe(shown.state.sessionId)
  })

  test('when a turn is tried again: each try knows the others, and each can be opened', async () => {
    await using server = await startSegueWithProvider()
    for (const text of ['Red.', 'Blue.', 'Round.']) server.provider.enqueue(text)
    using shown = new ShownChat(server.segue.url)
    await shown.chat.send({ text: 'A colour?' })
    await shown.untilTexts('A colour?', 'Red.')
    const [prompt, answer] = shown.state.messages
    const { sessionId, conversationId } = shown.state

    await shown.chat.regenerate(answer?.id ?? '')
    await shown.untilTexts('A colour?', 'Blue.')
    await shown.until(({ messages }) => messages[1]?.alternatives.length === 2)
    expect(shown.state).toMatchObject({ conversationId })
    expect(shown.state.sessionId).not.toBe(sessionId)
    const ids = shown.state.messages[1]?.alternatives.map(({ originalId }) => originalId)
    expect(ids).toEqual([answer?.originalId, shown.state.messages[1]?.originalId])

    await shown.chat.regenerate(prompt?.id ?? '', { text: 'A shape?' })
    await shown.untilTexts('A shape?', 'Round.')
    const first = shown.state.messages[0]?.alternatives.find(({ originalId }) => originalId === prompt?.originalId)
    shown.chat.open(first?.sessionId ?? '')
    await shown.untilTexts('A colour?', 'Red.')
    expect(shown.state.sessionId).toBe(sessionId)
  })
})

test('older messages are read page by page', async () => {
  await using server = await startSegueWithProvider()
  server.provider.defaultAnswer = () => 'Yes.'
  using writer = new ShownChat(server.segue.url)
  for (const text of ['One', 'Two', 'Three']) {
    await writer.chat.send({ text })
    await writer.until(({ activeStream }) => activeStream === null && writer.texts.at(-2) === text)
  }
  using shown = new ShownChat(server.segue.url, { sessionId: writer.state.sessionId, pageSize: 2 })
  await shown.until(({ isLoading }) => !isLoading)
  expect(shown.texts).toEqual(['Three', 'Yes.'])
  expect(shown.state.hasEarlier).toBe(true)
  const newest = shown.state.messages[1]

  await shown.chat.loadEarlier()
  await shown.chat.loadEarlier()
  expect(shown.texts).toEqual(['One', 'Yes.', 'Two', 'Yes.', 'Three', 'Yes.'])
  expect(shown.state.hasEarlier).toBe(false)
  expect(shown.state.messages[5]).toBe(newest)
})

test('a chat of Hermes is read, and goes on in a session of Segue', async () => {
  const hermesHome = newTempFolder()
  using resources = new DisposableStack()
  const hermes = resources.adopt(new HermesDb(join(hermesHome, 'state.db')), (db) => db.close())
  hermes.addSession('theirs', { title: 'In the terminal', ended_at: 5, end_reason: 'cli_close' })
  hermes.addMessage('theirs', 2, { content: 'What did I say?' })
  hermes.addMessage('theirs', 3, { role: 'assistant', content: 'That you like trees.' })
  await using segue = await startTestSegue({ settings: { hermesHome } })
  using shown = new ShownChat(segue.url, { sessionId: 'theirs' })
  await shown.until(({ messages }) => messages.length === 2)
  expect(shown.state.origin).toBe('HERMES')
  hermes.addMessage('theirs', 4, { content: 'What else?' })
  await shown.until(({ messages }) => messages.length === 3)
  const { conversationId } = shown.state

  await shown.chat.send({ text: 'And now?' })
  await shown.until(({ activeStream, messages }) => activeStream === null && messages.length === 5)

  expect(shown.texts.slice(0, 4)).toEqual(['What did I say?', 'That you like trees.', 'What else?', 'And now?'])
  expect(shown.state).toMatchObject({ origin: 'SEGUE', conversationId })
})
