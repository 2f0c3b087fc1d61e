import { Chat } from '@ai-sdk/react'
import type { ChatOnFinishCallback } from 'ai'
import { describe, expect, test, vi } from 'vitest'
import { createSegueClient, type SegueClient } from '../../src/index.ts'
import {
  hasAnsweredApprovals,
  SegueChatTransport,
  type SegueChatTransportOptions,
  type SegueUIMessage,
} from '../../src/ai-sdk/index.ts'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { startTestSegue } from '../../../tests/support/server/segue.ts'
import { waitUntil } from '../../../tests/support/wait-until.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

interface TestChat {
  readonly chat: Chat<SegueUIMessage>
  readonly transport: SegueChatTransport
  readonly ends: Parameters<ChatOnFinishCallback<SegueUIMessage>>[0][]
}

function openChat(client: SegueClient, id: string, options: Omit<SegueChatTransportOptions, 'client'> = {}): TestChat {
  const transport = new SegueChatTransport({ client, ...options })
  const ends: TestChat['ends'] = []
  const onFinish: ChatOnFinishCallback<SegueUIMessage> = (end) => void ends.push(end)
  const chat = new Chat<SegueUIMessage>({ id, transport, sendAutomaticallyWhen: hasAnsweredApprovals, onFinish })
  return { chat, transport, ends }
}

const textOf = ({ parts }: SegueUIMessage): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
const texts = ({ chat }: TestChat): string[] => chat.messages.map(textOf)
const tools = ({ chat }: TestChat) =>
  chat.messages.flatMap(({ parts }) => parts.filter((part) => part.type === 'dynamic-tool'))

test('messages are sent to one session, which is found by the id of the chat', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'my-chat')
  server.provider.enqueue('First answer.')
  server.provider.enqueue('Second answer.')

  await opened.chat.sendMessage({ text: 'One' })
  await opened.chat.sendMessage({ text: 'Two' })

  expect(texts(opened)).toEqual(['One', 'First answer.', 'Two', 'Second answer.'])
  expect(opened.ends).toMatchObject([
    { finishReason: 'stop', isError: false },
    { finishReason: 'stop', isError: false },
  ])
  const sessions = new Set(opened.chat.messages.flatMap(({ metadata }) => metadata?.sessionId ?? []))
  expect(sessions.size).toBe(1)

  const reloaded = openChat(client, 'my-chat')
  expect((await reloaded.transport.loadMessages('my-chat')).map(textOf)).toEqual(texts(opened))
  const [sessionId = ''] = sessions
  expect((await reloaded.transport.loadMessages(sessionId)).map(textOf)).toEqual(texts(opened))
  client.close()
})

test('files of a message are sent', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'files')
  const url = `data:text/plain;base64,${btoa('Buy milk.')}`

  await opened.chat.sendMessage({
    text: 'Read.',
    files: [{ type: 'file', mediaType: 'text/plain', filename: 'a.txt', url }],
  })

  expect(JSON.stringify((await server.provider.waitForRequest(0)).body.messages)).toContain('Buy milk.')
  const [message] = await opened.transport.loadMessages('files')
  const file = message?.parts.find(({ type }) => type === 'file')
  expect(file).toMatchObject({ filename: 'a.txt', url: expect.stringMatching(/^http:.*\/files\//) })
  client.close()
})

test('an answer that failed is an error, and can be tried again', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'failing')
  server.provider.enqueue([{ status: 401, body: { error: { message: 'Wrong key.' } } }])
  server.provider.enqueue('Now it works.')

  await opened.chat.sendMessage({ text: 'Hello' })
  expect(opened.chat.status).toBe('error')
  expect(opened.chat.error?.message).toEqual(expect.any(String))

  await opened.chat.regenerate()
  expect(texts(opened)).toEqual(['Hello', 'Now it works.'])
  expect(opened.chat.status).toBe('ready')
  client.close()
})

test('the model, the effort and the instructions of a chat reach the provider', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'my-chat', { instructions: 'Be brief.' })

  await opened.chat.sendMessage({ text: 'Hello' }, { body: { model: 'strict/test', effort: 'low' } })
  await opened.chat.regenerate({ body: { effort: 'high' } })

  const bodies = server.provider.requests
    .map(({ body }) => JSON.stringify(body))
    .filter((body) => body.includes('Be brief.'))
  expect(bodies.some((body) => body.includes('"reasoning_effort":"low"'))).toBe(true)
  expect(bodies.some((body) => body.includes('"reasoning_effort":"high"'))).toBe(true)
  expect(await client.session(opened.chat.lastMessage?.metadata?.sessionId ?? '')).toMatchObject({
    instructions: 'Be brief.',
  })
  client.close()
})

test('a message is steered into the answer that is shown, or has one of its own', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'my-chat')
  const held = Promise.withResolvers<void>()
  server.provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
  server.provider.enqueue('In short: yes.')
  const sending = opened.chat.sendMessage({ text: 'Begin.' })
  await waitUntil(() => texts(opened).at(-1) === 'Half')

  expect(await opened.transport.steer('my-chat', { text: 'In short' })).toBe(true)
  held.resolve()
  await sending
  expect(opened.chat.messages).toHaveLength(2)
  expect(opened.chat.lastMessage?.parts.map(({ type }) => type)).toEqual([
    'step-start',
    'text',
    'steering-message',
    'step-start',
    'text',
  ])
  expect(opened.transport.hasFollowUp('my-chat')).toBe(false)

  expect(await opened.transport.steer('my-chat', { text: 'Thanks' })).toBe(false)
  await vi.waitFor(
    async () => {
      const loaded = await opened.transport.loadMessages('my-chat')
      expect(loaded.map(textOf).slice(0, 3)).toEqual(['Begin.', 'HalfIn short: yes.', 'Thanks'])
    },
    { timeout: waitLimitMs },
  )
  client.close()
})

test('what the server refuses is an error with its reason', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const opened = openChat(client, 'refused')
  await opened.chat.sendMessage({ text: 'Hello' }, { body: { model: 'nobody/nothing' } })
  expect(opened.chat.error).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('nobody') })
  client.close()
})

describe('regenerate', () => {
  test('tries the last turn again under the same id of the chat', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const opened = openChat(client, 'again')
    for (const answer of ['Red.', 'Blue.', 'Green.']) server.provider.enqueue(answer)

    await opened.chat.sendMessage({ text: 'A colour?' })
    await opened.chat.regenerate()
    expect(texts(opened)).toEqual(['A colour?', 'Blue.'])
    await opened.chat.sendMessage({ text: 'Another one?' })

    expect(texts(opened)).toEqual(['A colour?', 'Blue.', 'Another one?', 'Green.'])
    const reloaded = await openChat(client, 'again').transport.loadMessages('again')
    expect(reloaded.map(textOf)).toEqual(texts(opened))
    client.close()
  })

  test('tries an earlier turn again after a reload', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    for (const answer of ['Red.', 'Round.', 'Blue.']) server.provider.enqueue(answer)
    const before = openChat(client, 'again')
    await before.chat.sendMessage({ text: 'A colour?' })
    await before.chat.sendMessage({ text: 'A shape?' })
    const reloaded = openChat(client, 'again')
    reloaded.chat.messages = await reloaded.transport.loadMessages('again')

    const answer = reloaded.chat.messages[1]
    if (!answer) throw new Error('There is no answer.')
    await reloaded.chat.regenerate({ messageId: answer.id })

    expect(texts(reloaded)).toEqual(['A colour?', 'Blue.'])
    client.close()
  })

  test('a message that is edited takes the place of the one before', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const opened = openChat(client, 'edit')
    for (const answer of ['Red.', 'Round.', 'Square.']) server.provider.enqueue(answer)
    await opened.chat.sendMessage({ text: 'A colour?' })
    const edit = async (text: string): Promise<void> => {
      const messageId = opened.chat.messages[0]?.id ?? ''
      await opened.chat.sendMessage({ text, messageId })
    }

    await edit('A shape?')
    expect(texts(opened)).toEqual(['A shape?', 'Round.'])
    await edit('Another shape?')
    expect(texts(opened)).toEqual(['Another shape?', 'Square.'])
    expect(JSON.stringify((await server.provider.waitForRequest(2)).body.messages)).not.toContain('A shape?')
    client.close()
  })
})

test('two chats may give their messages the same ids', async () => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  const [first, second] = [openChat(client, 'one'), openChat(client, 'two')]
  for (const { chat } of [first, second])
    await chat.sendMessage({ id: '1', role: 'user', parts: [{ type: 'text', text: 'Hi' }] })
  expect([first.chat.status, second.chat.status]).toEqual(['ready', 'ready'])

  // A page that stores its messages itself has only its own ids.
  const stored = openChat(client, 'one')
  stored.chat.messages = first.chat.messages.map(({ id, role, parts }) => ({ id, role, parts }))
  server.provider.enqueue('Again.')
  await stored.chat.regenerate()
  expect(texts(stored)).toEqual(['Hi', 'Again.'])
  client.close()
})

describe('an answer that is being made', () => {
  test('goes on when the page is left, and is resumed with all that was said', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const left = Promise.withResolvers<void>()
    server.provider.enqueue([
      { reasoning: 'Hm.' },
      { text: 'One ' },
      { wait: left.promise },
      { text: 'two' },
      { finish: 'stop' },
    ])
    const first = openChat(client, 'resumed')
    const sending = first.chat.sendMessage({ text: 'Count.' })
    await waitUntil(() => texts(first).includes('One '))
    await first.chat.stop()
    await sending

    const second = openChat(client, 'resumed')
    second.chat.messages = await second.transport.loadMessages('resumed')
    expect(texts(second)).toEqual(['Count.', 'One '])
    const resuming = second.chat.resumeStream()
    left.resolve()
    await resuming

    expect(texts(second)).toEqual(['Count.', 'One two'])
    expect(second.chat.messages[1]?.parts.map(({ type }) => type)).toEqual(['step-start', 'reasoning', 'text'])
    expect(second.ends).toMatchObject([{ finishReason: 'stop' }])
    client.close()
  })

  test('there is nothing to resume where nothing runs', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const { transport, chat } = openChat(client, 'idle')
    expect(await transport.reconnectToStream({ chatId: 'idle' })).toBeNull()
    await chat.sendMessage({ text: 'Hello' })
    expect(await transport.reconnectToStream({ chatId: 'idle' })).toBeNull()
    client.close()
  })

  test('is stopped by cancel, and keeps what was said', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    server.provider.enqueue([{ text: 'One ' }, { wait: new Promise(() => {}) }])
    const opened = openChat(client, 'stopped')
    const sending = opened.chat.sendMessage({ text: 'Count.' })
    await waitUntil(() => texts(opened).includes('One '))

    await opened.transport.cancel('stopped')
    await sending

    expect(texts(opened)).toEqual(['Count.', 'One '])
    expect(opened.ends).toMatchObject([{ finishReason: 'interrupted', isError: false }])
    expect(await (await server.provider.waitForRequest(0)).closed).toBe('client')
    client.close()
  })

  test('is stopped by an abort only if the transport is told so', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    server.provider.enqueue([{ text: 'One ' }, { wait: new Promise(() => {}) }])
    const opened = openChat(client, 'aborted', { cancelOnAbort: true })
    const sending = opened.chat.sendMessage({ text: 'Count.' })
    await waitUntil(() => texts(opened).includes('One '))

    await opened.chat.stop()
    await sending

    expect(await (await server.provider.waitForRequest(0)).closed).toBe('client')
    const messages = await opened.transport.loadMessages('aborted')
    expect(messages.at(-1)?.metadata?.status).toBe('PARTIAL')
    client.close()
  })

  test('a stop by an abort that the server refuses is told on the console, and rejects nothing', async () => {
    await using server = await startSegueWithProvider()
    const refuseCancel: typeof fetch = async (input, init) =>
      String(init?.body).includes('cancelStream') ? new Response('', { status: 403 }) : fetch(input, init)
    const client = createSegueClient({ url: server.segue.url, fetch: refuseCancel })
    server.provider.enqueue([{ text: 'One ' }, { wait: new Promise(() => {}) }])
    const opened = openChat(client, 'refused', { cancelOnAbort: true })
    using consoleError = vi.spyOn(console, 'error').mockReturnValue()
    const sending = opened.chat.sendMessage({ text: 'Count.' })
    await waitUntil(() => texts(opened).includes('One '))

    await opened.chat.stop()
    await sending

    const refusal = expect.objectContaining({ code: 'FORBIDDEN' })
    await vi.waitFor(() => expect(consoleError).toHaveBeenCalledWith('The answer cannot be stopped.', refusal), {
      timeout: waitLimitMs,
    })
    client.close()
  })
})

describe('tools that need an approval', () => {
  const startWithTool = (tool = newTool()) => startTestSegue({ createToolSource: () => newToolSource(tool) })

  test.each([
    [true, 'Go ahead.', 'output-available'],
    [false, 'Not there.', 'output-denied'],
  ])('approved: %s, with the reason', async (approved, reason, state) => {
    const tool = newTool()
    await using segue = await startWithTool(tool)
    const client = createSegueClient({ url: segue.url })
    const opened = openChat(client, 'approval')
    await opened.chat.sendMessage({ text: '/tool files__write {"path":"a"}' })
    expect(opened.ends).toMatchObject([{ finishReason: 'tool-calls' }])
    const [asked] = tools(opened)
    expect(asked).toMatchObject({ state: 'approval-requested', approval: { requestReason: expect.any(String) } })

    await opened.chat.addToolApprovalResponse({ id: asked?.approval?.id ?? '', approved, reason })
    await waitUntil(() => opened.ends.length === 2)

    expect(opened.ends[1]).toMatchObject({ finishReason: 'stop', isError: false })
    expect(tools(opened)).toMatchObject([{ state, approval: { approved, reason } }])
    expect(texts(opened)[1]).toContain(approved ? 'done' : reason)
    expect(opened.chat.messages).toHaveLength(2)
    expect(tool.runs).toHaveLength(approved ? 1 : 0)
    client.close()
  })

  test('an approval is given after a reload', async () => {
    await using segue = await startWithTool()
    const client = createSegueClient({ url: segue.url })
    await openChat(client, 'approval').chat.sendMessage({ text: '/tool files__write {}' })
    const reloaded = openChat(client, 'approval')
    reloaded.chat.messages = await reloaded.transport.loadMessages('approval')

    const [asked] = tools(reloaded)
    await reloaded.chat.addToolApprovalResponse({ id: asked?.approval?.id ?? '', approved: true })
    await waitUntil(() => reloaded.ends.length === 1)

    expect(tools(reloaded)).toMatchObject([{ state: 'output-available' }])
    expect(texts(reloaded)[1]).toContain('done')
    client.close()
  })

  test('an approval that was answered elsewhere is no error', async () => {
    await using segue = await startWithTool()
    const client = createSegueClient({ url: segue.url })
    const opened = openChat(client, 'approval')
    await opened.chat.sendMessage({ text: '/tool files__write {}' })
    const [asked] = tools(opened)
    const id = asked?.approval?.id ?? ''
    await client.answerApproval(id, { decision: 'DENY', reason: 'No.' })

    await opened.chat.addToolApprovalResponse({ id, approved: true })
    await waitUntil(() => opened.ends.length === 2)

    expect(tools(opened)).toMatchObject([{ state: 'output-denied', approval: { approved: false, reason: 'No.' } }])
    client.close()
  })

  test('an approval for the session is asked for by the body of the request', async () => {
    await using segue = await startWithTool()
    const client = createSegueClient({ url: segue.url })
    const opened = openChat(client, 'approval')
    await opened.chat.sendMessage({ text: '/tool files__write {}' })
    const [asked] = tools(opened)
    const options = { body: { decision: 'SESSION' } }
    await opened.chat.addToolApprovalResponse({ id: asked?.approval?.id ?? '', approved: true, options })
    await waitUntil(() => opened.ends.length === 2)

    await opened.chat.sendMessage({ text: '/tool files__write {"n":2}' })

    expect(opened.ends).toHaveLength(3)
    expect(tools(opened)).toMatchObject([{ state: 'output-available' }, { state: 'output-available' }])
    client.close()
  })
})
