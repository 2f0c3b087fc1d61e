import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { ask, readUntil } from '../../contract/support/typed-client.ts'
import {
  cancelStream,
  type ChatEvent,
  followStream,
  isEventOfType,
  startChat,
  streamChat,
} from '../../contract/support/chat.ts'
import { type Client, connect } from '../../contract/support/clients.ts'
import {
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  type ApprovalDecision,
  CompactSessionDocument,
  ForkSessionDocument,
} from '../../contract/generated/graphql.ts'
import { defaultLimits } from '../../../src/config/limits.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'
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
  newTool({ name: 'files__drop' }),
  newTool({ name: 'files__read', isReadOnly: true, execute: async () => longResult }),
]

async function serve(home: string): Promise<TestSegue> {
  const limits = { ...defaultLimits, toolResultLength: 1000 }
  const segue = await startTestSegue({
    settings: { home, offlineDelayMs: 1, limits },
    createToolSource: () => newToolSource(...tools),
  })
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return segue
}

/** A whole turn, in which a person answers whatever is asked. */
async function turn(client: Client, input: { text: string; sessionId?: string }, decision: ApprovalDecision = 'ONCE') {
  const all: ChatEvent[] = []
  for await (const event of streamChat(client, input)) {
    all.push(event)
    if (event.type === 'ApprovalChanged' && event.approval.state === 'PENDING') {
      await ask(client, AnswerApprovalDocument, { id: event.approval.id, decision })
    }
    if (event.type === 'ClarificationChanged' && event.clarification.state === 'PENDING') {
      await ask(client, AnswerClarificationDocument, { id: event.clarification.id, answer: 'Blue, wie Blaubeeren' })
    }
    if (event.type === 'StreamFinished') return { sessionId: event.sessionId, messageId: event.message?.id ?? '' }
  }
  throw new Error('it has no end')
}

/** A conversation with all that one can hold, and a fork of it. */
async function talk(client: Client): Promise<{ ids: string[]; fork: string }> {
  const picture = 'data:text/plain;base64,' + Buffer.from('What a garden 🌱').toString('base64')
  const files = [{ name: 'garden.txt', mediaType: 'text/plain', url: picture }]
  const begun = await startChat(client, { text: 'I am sad about my garden', key: 'mine', files })
  const { last } = await readUntil(followStream(client, begun.id), isEventOfType('StreamFinished'))
  const sessionId = last.sessionId
  await turn(client, { sessionId, text: '/ask Which one? | Red | Blue' })
  await turn(client, { sessionId, text: '/tool files__write {"text":"Hi"}' }, 'SESSION')
  const { messageId } = await turn(client, { sessionId, text: '/tool files__read {}' })
  const { forkSession: fork } = await ask(client, ForkSessionDocument, { messageId })
  await turn(client, { sessionId: fork.id, text: 'Another way' })

  const { compactSession: second } = await ask(client, CompactSessionDocument, { id: sessionId, key: 'compact' })
  await turn(client, { sessionId: second.id, text: '/tool files__drop {}' }, 'DENY')
  const cut = await startChat(client, { sessionId: second.id, text: 'Who are you? Tell me all about yourself.' })
  await readUntil(followStream(client, cut.id), isEventOfType('TextDelta'))
  await cancelStream(client, cut.id)
  const { compactSession: tip } = await ask(client, CompactSessionDocument, { id: second.id })
  await turn(client, { sessionId: tip.id, text: 'Goodbye, Blaubeeren' })
  return { ids: [sessionId, second.id, tip.id], fork: fork.id }
}

/** The same in a home in which nothing happens any more: a server that goes on would merge what was streamed. */
async function talked(home: string) {
  await using segue = await serve(home)
  await using client = connect('webSocket', segue.url)
  return await talk(client)
}

const words = ['garden', 'Blaubeeren', 'sad', 'yourself', 'tell me', 'nowhere']

async function everything(url: string, ids: readonly string[], fork: string) {
  const found = [await querySearch(url, ids, words), await querySearch(url, [fork], words)]
  return { told: await queryConversations(url), logs: await queryLogs(url), found }
}

test('a conversation and its fork come back exactly: as documents, and as everything that a server answers of them', async () => {
  const home = newHomePath()
  const { ids, fork } = await talked(home)
  const [first = '', , tip = ''] = ids

  // While a server runs, by whatever id there is of it.
  const segue = await serve(home)
  const conversation = await exportToFile({ home, id: `cnv_${first}` })
  for (const id of [first, tip]) expect((await exportToFile({ home, id })).text).toBe(conversation.text)
  const branch = await exportToFile({ home, id: fork })
  expect([...conversation.notes, ...branch.notes]).toEqual([])
  const before = await everything(segue.url, ids, fork)
  // Not nothing: what was asked, what was refused, and what was said in the last of three sessions.
  for (const part of ['Blue, wie Blaubeeren', 'DENIED', '"segmentCount":3', '"PARTIAL"', 'Goodbye, Blaubeeren']) {
    expect(JSON.stringify(before.told)).toContain(part)
  }
  expect(JSON.stringify(before.found)).toContain(tip)
  const files = await fetchFiles(segue.url, before.told)
  expect([...files.values()]).toEqual(
    expect.arrayContaining([expect.stringContaining('What a garden 🌱'), expect.stringContaining(longResult)]),
  )
  await segue[Symbol.asyncDispose]()

  const other = newHomePath()
  await importFromFile(conversation.path, other)
  await importFromFile(branch.path, other)
  const again = await serve(other)
  const after = await everything(again.url, ids, fork)
  expect(after).toEqual(before)
  expect(await fetchFiles(again.url, after.told)).toEqual(files)
  expect((await exportToFile({ home: other, id: tip })).text).toBe(conversation.text)
  expect((await exportToFile({ home: other, id: fork })).text).toBe(branch.text)

  // What was allowed is allowed, the request's key is known, and the chat goes on.
  await using visitor = connect('webSocket', again.url)
  const { sessionId } = await turn(visitor, { sessionId: tip, text: '/tool files__write {"text":"again"}' })
  expect(sessionId).toBe(tip)
  expect(again.warnings).toEqual([])
  await again[Symbol.asyncDispose]()
})
