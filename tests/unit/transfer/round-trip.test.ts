import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { ask, readUntil, mutate } from '../../contract/support/typed-client.ts'
import { cancelStream, followStream, isEventOfType, startChat, streamChat } from '../../contract/support/chat.ts'
import { type Client, connect } from '../../contract/support/clients.ts'
import {
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  type ApprovalDecision,
  CompactSessionDocument,
  ConversationNodeDocument,
  ForkSessionDocument,
  MoveQueuedMessageDocument,
  SteeredDocument,
  SteeringOfDocument,
  UpdateConversationDocument,
  WithdrawMessageDocument,
} from '../../contract/generated/graphql.ts'
import { toBlobUrlPath } from '../../../src/model/message-content/blob-url.ts'
import { startTestSegue, testLimits, type TestSegue } from '../../support/server/segue.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import {
  exportToFile,
  fetchFiles,
  querySearch,
  importFromFile,
  queryLogs,
  newHomePath,
  queryConversations,
} from '../../support/transfer/transfers.ts'

const longResult = Array.from({ length: 3000 }, (_, line) => `line ${line} of the result`).join('\n')
const tools = [
  newTool({ name: 'files__write', execute: async () => ({ written: 2, __proto__: null, note: 'half \ud83d a pair' }) }),
  newTool({
    name: 'files__show',
    isReadOnly: true,
    execute: async (_, { storeFile }) => {
      const { hash } = await storeFile({ bytes: Buffer.from('pixels'), mediaType: 'image/png', name: null })
      const url = toBlobUrlPath(hash, 'image/png')
      const image = { type: 'image', mediaType: 'image/png', name: null, size: 6, url }
      return { content: [image], structuredContent: { id: 1234567890123456789n } }
    },
  }),
  newTool({ name: 'files__drop' }),
  newTool({ name: 'files__read', isReadOnly: true, execute: async () => longResult }),
]

async function serve(home: string): Promise<TestSegue> {
  const limits = { ...testLimits, toolResultLength: 1000 }
  const segue = await startTestSegue({
    settings: { home, offlineDelayMs: 1, limits },
    createToolSource: () => newToolSource(...tools),
  })
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return segue
}

/** Streams a turn to its end, and answers all approvals and clarifications. */
async function streamTurn(
  client: Client,
  input: { text: string; sessionId?: string },
  decision: ApprovalDecision = 'ONCE',
) {
  let isAnswered = false
  for await (const event of streamChat(client, input)) {
    if (event.type === 'ApprovalChanged' && event.approval.state === 'PENDING' && !isAnswered) {
      // The answer releases the other calls of the turn.
      isAnswered = decision === 'SESSION'
      const changes = decision === 'DENY' ? {} : { arguments: { text: 'Changed' } }
      await mutate(client, AnswerApprovalDocument, { id: event.approval.id, decision, reason: 'So be it', ...changes })
    }
    if (event.type === 'ClarificationChanged' && event.clarification.state === 'PENDING') {
      const { id, form } = event.clarification
      const answer = form ? { values: { city: 'Oslo' } } : { answer: 'Blue, wie Blaubeeren' }
      await mutate(client, AnswerClarificationDocument, { id, ...answer })
    }
    if (event.type === 'StreamFinished') return { sessionId: event.sessionId, messageId: event.message?.id ?? '' }
  }
  throw new Error('The stream has no end.')
}

/**
 * A turn with messages that join its answer, are withdrawn from it and queued at its end, and with a queue that is moved,
 * cut and answered.
 */
async function steerAndQueue(client: Client, sessionId: string): Promise<void> {
  const { id } = await startChat(client, { sessionId, text: '/ask Which way?' })
  const { last } = await readUntil(followStream(client, id), isEventOfType('ClarificationChanged'))
  const send = (text: string, ifBusy: 'STEER' | 'QUEUE') => startChat(client, { sessionId, text, ifBusy })
  for (const text of ['Steered', 'Taken back']) await send(text, 'STEER')
  const { stream } = await ask(client, SteeredDocument, { id })
  await mutate(client, WithdrawMessageDocument, { messageId: stream?.steered[1]?.id ?? '' })
  const queued = [await send('Third', 'QUEUE'), await send('Second', 'QUEUE'), await send('Cancelled', 'QUEUE')]
  await mutate(client, MoveQueuedMessageDocument, { streamId: queued[1]?.id ?? '', before: queued[0]?.id ?? '' })
  await cancelStream(client, queued[2]?.id ?? '')
  await mutate(client, AnswerClarificationDocument, { id: last.clarification.id, answer: 'Left' })
  await readUntil(followStream(client, queued[0]?.id ?? ''), isEventOfType('StreamFinished'))
  const replaced = await startChat(client, { sessionId, text: '/ask And now?' })
  await readUntil(followStream(client, replaced.id), isEventOfType('ClarificationChanged'))
  await send('Requeued', 'STEER')
  await startChat(client, { sessionId, text: 'Instead', ifBusy: 'INTERRUPT' })
  const requeued = (await ask(client, SteeredDocument, { id: replaced.id })).stream?.steered[0]
  const { message } = await ask(client, SteeringOfDocument, { id: requeued?.id ?? '' })
  await readUntil(followStream(client, message?.stream?.id ?? ''), isEventOfType('StreamFinished'))
}

/** Creates a conversation that uses every feature, and a fork of it. */
async function createConversations(client: Client): Promise<{ ids: string[]; fork: string }> {
  const picture = 'data:text/plain;base64,' + Buffer.from('What a garden 🌱').toString('base64')
  const files = [{ name: 'garden.txt', mediaType: 'text/plain', url: picture }]
  const started = await startChat(client, { text: 'I am sad about my garden', key: 'mine', files })
  const { last } = await readUntil(followStream(client, started.id), isEventOfType('StreamFinished'))
  const sessionId = last.sessionId
  await streamTurn(client, { sessionId, text: '/ask Which one? | Red | Blue' })
  await streamTurn(client, { sessionId, text: '/form Where to? | city' })
  await streamTurn(
    client,
    { sessionId, text: '/tool files__write {"text":"Hi"}\n/tool files__write {"text":"Ho"}' },
    'SESSION',
  )
  await streamTurn(client, { sessionId, text: '/tool files__show {"id":1234567890123456788}' })
  await streamTurn(client, { sessionId, text: '/image a rose' })
  await steerAndQueue(client, sessionId)
  const { messageId } = await streamTurn(client, { sessionId, text: '/tool files__read {}' })
  const { forkSession: fork } = await mutate(client, ForkSessionDocument, { messageId })
  await streamTurn(client, { sessionId: fork.id, text: 'Another way' })

  const { compactSession: second } = await mutate(client, CompactSessionDocument, { id: sessionId, key: 'compact' })
  await streamTurn(client, { sessionId: second.id, text: '/tool files__drop {}' }, 'DENY')
  const cancelled = await startChat(client, { sessionId: second.id, text: 'Who are you? Tell me all about yourself.' })
  await readUntil(followStream(client, cancelled.id), isEventOfType('TextDelta'))
  await cancelStream(client, cancelled.id)
  const { compactSession: tip } = await mutate(client, CompactSessionDocument, { id: second.id })
  await streamTurn(client, { sessionId: tip.id, text: 'Goodbye, Blaubeeren' })
  return { ids: [sessionId, second.id, tip.id], fork: fork.id }
}

/** Does the same in a separate server. A server that keeps running would coalesce the deltas during the test. */
async function fillHome(home: string) {
  await using segue = await serve(home)
  await using client = connect('webSocket', segue.url)
  return await createConversations(client)
}

const words = ['garden', 'Blaubeeren', 'sad', 'yourself', 'tell me', 'nowhere']

async function queryAll(url: string, ids: readonly string[], fork: string) {
  const found = [await querySearch(url, ids, words), await querySearch(url, [fork], words)]
  return { conversations: await queryConversations(url), logs: await queryLogs(url), found }
}

// It asks everything of two servers.
test(
  'a conversation and its fork are restored exactly: as documents, and in all that a server answers',
  { timeout: 60_000 },
  async () => {
    const home = newHomePath()
    const { ids, fork } = await fillHome(home)
    const [first = '', , tip = ''] = ids

    // The export works while a server runs, and by the id of any session.
    const segue = await serve(home)
    const conversation = await exportToFile({ home, id: `cnv_${first}` })
    for (const id of [first, tip]) expect((await exportToFile({ home, id })).text).toBe(conversation.text)
    const forkDocument = await exportToFile({ home, id: fork })
    for (const { text } of [conversation, forkDocument])
      expect(text).toContain('"structuredContent":{"id":1234567890123456789}')
    expect([...conversation.notes, ...forkDocument.notes]).toEqual([])
    const before = await queryAll(segue.url, ids, fork)
    for (const part of ['"releasedBy"', '"approvalAnswer"', '"reason":"So be it"', '"duringCall":true', '"form":{'])
      expect(conversation.text).toContain(part)
    for (const part of ['"state":"APPLIED"', '"state":"QUEUED"', '"withdrawn":true', '"type":"QueueChanged"'])
      expect(conversation.text).toContain(part)
    // Makes sure that the comparison covers a clarification, a denial, a partial message and the last of three sessions.
    for (const part of ['Blue, wie Blaubeeren', 'DENIED', '"segmentCount":3', '"PARTIAL"', 'Goodbye, Blaubeeren']) {
      expect(JSON.stringify(before.conversations)).toContain(part)
    }
    expect(JSON.stringify(before.found)).toContain(tip)
    const files = await fetchFiles(segue.url, before.conversations)
    expect([...files.values()]).toEqual(
      expect.arrayContaining([
        expect.stringContaining('What a garden 🌱'),
        expect.stringContaining(longResult),
        '200 image/png pixels',
      ]),
    )
    await segue[Symbol.asyncDispose]()

    const other = newHomePath()
    await importFromFile(conversation.path, other)
    await importFromFile(forkDocument.path, other)
    const restored = await serve(other)
    const after = await queryAll(restored.url, ids, fork)
    expect(after).toEqual(before)
    expect(await fetchFiles(restored.url, after.conversations)).toEqual(files)
    expect((await exportToFile({ home: other, id: tip })).text).toBe(conversation.text)
    expect((await exportToFile({ home: other, id: fork })).text).toBe(forkDocument.text)

    // The grant still holds, and the chat can be continued.
    await using client = connect('webSocket', restored.url)
    const { sessionId } = await streamTurn(client, { sessionId: tip, text: '/tool files__write {"text":"again"}' })
    expect(sessionId).toBe(tip)
    expect(restored.warnings).toEqual([])
    await restored[Symbol.asyncDispose]()
  },
)

test('a conversation is exported once nothing in it runs, is queued or waits to join an answer', async () => {
  await using segue = await serve(newHomePath())
  await using client = connect('http', segue.url)
  const { id, session } = await startChat(client, { text: '/ask Where to?' })
  const { last } = await readUntil(followStream(client, id), isEventOfType('ClarificationChanged'))
  await startChat(client, { sessionId: session.id, text: 'Steered', ifBusy: 'STEER' })
  const queued = await startChat(client, { sessionId: session.id, text: 'Queued', ifBusy: 'QUEUE' })
  await expect(exportToFile({ home: segue.home, id: session.id })).rejects.toThrow(/is not finished/)
  await mutate(client, AnswerClarificationDocument, { id: last.clarification.id, answer: 'There' })
  await readUntil(followStream(client, queued.id), isEventOfType('StreamFinished'))
  expect((await exportToFile({ home: segue.home, id: session.id })).text).toContain('"state":"APPLIED"')
})

test('title, pin and archive of a conversation come along', async () => {
  const home = newHomePath()
  const settings = { title: 'My trip', pinned: true, archived: true }
  let root = ''
  {
    await using segue = await serve(home)
    await using client = connect('http', segue.url)
    const started = await startChat(client, { text: 'Hello' })
    const { last } = await readUntil(followStream(client, started.id), isEventOfType('StreamFinished'))
    root = last.sessionId
    await mutate(client, CompactSessionDocument, { id: root })
    await mutate(client, UpdateConversationDocument, { id: `cnv_${root}`, ...settings })
  }
  const { path } = await exportToFile({ home, id: `cnv_${root}` })
  const target = newHomePath()
  await importFromFile(path, target)
  await using segue = await serve(target)
  await using client = connect('http', segue.url)
  const { node } = await ask(client, ConversationNodeDocument, { id: `cnv_${root}` })
  expect(node).toMatchObject({ ...settings, segmentCount: 2, tip: { pinned: true, archived: true } })
})
