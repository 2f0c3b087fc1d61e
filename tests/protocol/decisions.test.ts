import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { newLatch } from '../support/fixtures/chats/agent-chats.ts'
import { ChatClient, type ApiEvent } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import {
  startSegueWithTools,
  type SegueWithTools,
  type SegueWithToolsOptions,
} from '../support/server/segue-with-tools.ts'
import { newTool, type ScriptedTool } from '../support/fixtures/tools.ts'
import { waitUntil } from '../support/wait-until.ts'

interface TestServer extends AsyncDisposable {
  readonly segue: SegueWithTools
  readonly client: ChatClient
  /** Another client, with a socket of its own. */
  newClient(): ChatClient
}

async function startServer(tools: readonly ScriptedTool[], options: SegueWithToolsOptions = {}): Promise<TestServer> {
  await using resources = new AsyncDisposableStack()
  const segue = resources.use(await startSegueWithTools(tools, options))
  const clients = resources.use(new AsyncDisposableStack())
  const newClient = (): ChatClient => clients.use(new ChatClient(segue.url))
  const client = newClient()
  const owned = resources.move()
  return { segue, client, newClient, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const approvalFields = '{ id state decision stream { id status } session { id } toolCall { name state } }'
const questionFields = '{ id state question answer stream { id status } }'
const approvalsQuery = `subscription { decided: approvals ${approvalFields} }`
const questionsQuery = `subscription { decided: clarifications ${questionFields} }`

const decisionSchema = z.object({
  decided: z.object({
    id: z.string(),
    state: z.string(),
    decision: z.string().nullish(),
    answer: z.string().nullish(),
    stream: z.object({ id: z.string(), status: z.string() }),
    toolCall: z.object({ name: z.string(), state: z.string() }).optional(),
  }),
})
type Decision = z.output<typeof decisionSchema>['decided']

async function next(decisions: AsyncGenerator<Readonly<Record<string, unknown>>>): Promise<Decision> {
  return decisionSchema.parse((await decisions.next()).value).decided
}

/** The first pending decisions. */
async function loadPending(client: ChatClient, query: string, count = 1): Promise<Decision[]> {
  const decisions = client.subscribe(query, {})
  const pending: Decision[] = []
  while (pending.length < count) {
    const decision = await next(decisions)
    if (decision.state === 'PENDING') pending.push(decision)
  }
  await decisions.return(undefined)
  return pending
}

const answerApproval = (client: ChatClient, id: string, decision: string) =>
  client.ask(
    `mutation ($id: ID!, $decision: ApprovalDecision!) {
      decided: answerApproval(id: $id, decision: $decision) ${approvalFields} }`,
    { id, decision },
  )

const answerClarification = (client: ChatClient, id: string, text: string) =>
  client.ask(
    `mutation ($id: ID!, $answer: String!) { decided: answerClarification(id: $id, answer: $answer) ${questionFields} }`,
    { id, answer: text },
  )

function describeEvent(event: ApiEvent): string {
  switch (event.type) {
    case 'StreamStarted':
    case 'StreamChanged':
    case 'StreamFinished':
      return `stream ${event.status}`
    case 'ToolCallChanged':
      return `call ${event.toolCallState}`
    case 'ApprovalChanged':
      return `approval ${event.state}`
    case 'ClarificationChanged':
      return `question ${event.state}`
    default:
      return event.type
  }
}

const callTool = '/tool files__write {"text":"Hi"}'
const askQuestion = '/ask Which one?'
const stale = { code: 'STALE' }

test('D1 a stream is WAITING while a tool call or a question is pending, and its log has each change', async () => {
  await using server = await startServer([newTool()])
  const { client } = server
  const { id } = await client.start({ text: `${callTool}\n${askQuestion}` })
  const reader = new EventReader(client.followStream(id))
  const [[approval], [question]] = await Promise.all([
    loadPending(client, approvalsQuery),
    loadPending(client, questionsQuery),
  ])
  expect((await client.stream(id)).status).toBe('WAITING')
  await answerClarification(client, question?.id ?? '', 'Red')
  expect((await client.stream(id)).status).toBe('WAITING')
  await answerApproval(client, approval?.id ?? '', 'ONCE')
  const events = (await reader.readToEnd()).map(describeEvent)
  const changes = events.filter((each) => !each.startsWith('call') && !each.endsWith('Delta'))
  expect(changes.filter((each) => each.startsWith('stream'))).toEqual([
    'stream RUNNING',
    'stream WAITING',
    'stream RUNNING',
    'stream COMPLETED',
  ])
  expect(changes.filter((each) => each.startsWith('approval'))).toEqual(['approval PENDING', 'approval ANSWERED'])
  expect(changes.filter((each) => each.startsWith('question'))).toEqual(['question PENDING', 'question ANSWERED'])
  expect(changes.indexOf('stream WAITING')).toBeLessThan(changes.indexOf('question ANSWERED'))
  expect(changes.lastIndexOf('stream RUNNING')).toBeGreaterThan(changes.indexOf('approval ANSWERED'))
})

test('D1 approvals and clarifications first deliver the pending decisions of all sessions, then every change', async () => {
  await using server = await startServer([newTool()])
  const { client } = server
  const started = [await client.start({ text: callTool }), await client.start({ text: callTool })]
  await loadPending(client, approvalsQuery, 2)
  const approvals = server.newClient().subscribe(approvalsQuery, {})
  const first = [await next(approvals), await next(approvals)]
  expect(first.map(({ stream, state }) => [stream.id, state]).toSorted()).toEqual(
    started.map(({ id }) => [id, 'PENDING']).toSorted(),
  )
  await answerApproval(client, first[1]?.id ?? '', 'DENY')
  expect(await next(approvals)).toMatchObject({ id: first[1]?.id, state: 'ANSWERED', decision: 'DENY' })
  const questions = server.newClient().subscribe(questionsQuery, {})
  const { id } = await client.start({ text: askQuestion })
  expect(await next(questions)).toMatchObject({ state: 'PENDING', stream: { id } })
  await client.cancel(id)
  expect(await next(questions)).toMatchObject({ state: 'CANCELLED', stream: { id, status: 'CANCELLED' } })
})

test('D2 the first response counts, from any client, and every later one is STALE', async () => {
  const tool = newTool()
  await using server = await startServer([tool])
  const { client } = server
  const { id } = await client.start({ text: callTool })
  const [approval] = await loadPending(client, approvalsQuery)
  const clients = Array.from({ length: 8 }, () => server.newClient())
  const responses = ['ONCE', 'DENY']
  const results = await Promise.allSettled(
    clients.map((caller, index) => answerApproval(caller, approval?.id ?? '', responses[index % 2] ?? '')),
  )
  const accepted = results.flatMap((each) =>
    each.status === 'fulfilled' ? [decisionSchema.parse(each.value).decided] : [],
  )
  expect(accepted).toHaveLength(1)
  for (const each of results) if (each.status === 'rejected') expect(each.reason).toMatchObject(stale)
  const end = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(end.stream.status).toBe('COMPLETED')
  expect(tool.runs).toHaveLength(accepted[0]?.decision === 'ONCE' ? 1 : 0)
  await expect(answerApproval(client, approval?.id ?? '', 'ONCE')).rejects.toMatchObject(stale)
})

test('D2 two calls of one tool are two decisions, which are answered by id in any order', async () => {
  const tool = newTool()
  await using server = await startServer([tool])
  const { client } = server
  const { id } = await client.start({ text: '/tool files__write {"n":1}\n/tool files__write {"n":2}' })
  const [one, two] = await loadPending(client, approvalsQuery, 2)
  await answerApproval(client, two?.id ?? '', 'ONCE')
  await waitUntil(() => tool.runs.length === 1)
  expect((await client.stream(id)).status).toBe('WAITING')
  await answerApproval(client, one?.id ?? '', 'DENY')
  const { message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : []))
  expect(calls?.map(({ arguments: args, state }) => [args, state])).toEqual([
    [{ n: 1 }, 'DENIED'],
    [{ n: 2 }, 'SUCCEEDED'],
  ])
  expect(tool.runs).toEqual([{ n: 2 }])
})

test('D3 a decision without a response is EXPIRED, which counts as a refusal, and a later response is STALE', async () => {
  const tool = newTool()
  await using server = await startServer([tool], { limits: { decisionSeconds: 0.8 } })
  const { client } = server
  const approvals = client.subscribe(approvalsQuery, {})
  const questions = client.subscribe(questionsQuery, {})
  const { id } = await client.start({ text: `${callTool}\n${askQuestion}` })
  expect([(await next(approvals)).state, (await next(questions)).state]).toEqual(['PENDING', 'PENDING'])
  const [approval, question] = [await next(approvals), await next(questions)]
  expect(approval).toMatchObject({ state: 'EXPIRED', decision: null, toolCall: { state: 'DENIED' } })
  expect(question).toMatchObject({ state: 'EXPIRED', answer: null })
  const { stream, message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall.state] : []))
  expect(calls).toEqual(['DENIED', 'FAILED'])
  expect(tool.runs).toEqual([])
  await expect(answerApproval(client, approval.id, 'ONCE')).rejects.toMatchObject(stale)
  await expect(answerClarification(client, question.id, 'Red')).rejects.toMatchObject(stale)
})

test('D3 a pending decision is CANCELLED when its stream ends, for whatever reason', async () => {
  await using server = await startServer([newTool()])
  const { client } = server
  const approvals = server.newClient().subscribe(approvalsQuery, {})

  const one = await client.start({ text: callTool })
  const first = await next(approvals)
  expect((await client.cancel(one.id)).outcome).toBe('CANCELLED')
  expect(await next(approvals)).toMatchObject({ id: first.id, state: 'CANCELLED', decision: null })
  await expect(answerApproval(client, first.id, 'ONCE')).rejects.toMatchObject(stale)

  const two = await client.start({ text: callTool, sessionId: one.session.id })
  const second = await next(approvals)
  await client.start({ text: 'Never mind.', sessionId: one.session.id, ifBusy: 'INTERRUPT' })
  expect(await next(approvals)).toMatchObject({ id: second.id, state: 'CANCELLED', stream: { id: two.id } })

  await client.start({ text: callTool })
  const third = await next(approvals)
  await server.segue.chats.close()
  expect(await next(approvals)).toMatchObject({
    id: third.id,
    state: 'CANCELLED',
    stream: { status: 'INTERRUPTED' },
    toolCall: { state: 'CANCELLED' },
  })
})

test(
  'D3 a decision that was pending at a crash is CANCELLED, and its stream INTERRUPTED',
  { timeout: 60_000 },
  async () => {
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const argv = ['--home', home, '--port', '0', '--no-hermes']
    await using before = await startServerProcess({ argv })
    await using client = new ChatClient(before.url)
    const { id } = await client.start({ text: askQuestion, model: 'offline/eliza' })
    const [question] = await loadPending(client, questionsQuery)
    await before.stop('SIGKILL')
    await using after = await startTestSegueWithFlags({ argv })
    await using again = new ChatClient(after.url)
    expect((await again.stream(id)).status).toBe('INTERRUPTED')
    const listed = await again.ask(`{ all: clarifications(pending: false) ${questionFields} }`)
    expect(listed['all']).toMatchObject([{ id: question?.id, state: 'CANCELLED', answer: null }])
    await expect(answerClarification(again, question?.id ?? '', 'Red')).rejects.toMatchObject(stale)
  },
)

test('D4 a tool runs only when its call and its approval are committed', async () => {
  const started = newLatch()
  const released = newLatch()
  const tool = newTool({
    execute: async () => {
      started.open()
      await released.opened
      return 'done'
    },
  })
  await using server = await startServer([tool])
  const { client } = server
  const { id, session } = await client.start({ text: callTool })
  const [approval] = await loadPending(client, approvalsQuery)
  expect(tool.runs).toEqual([])
  const answering = answerApproval(client, approval?.id ?? '', 'ONCE')
  await started.opened
  const events = (await client.events(session.id)).map(describeEvent)
  expect(events.slice(-3)).toEqual(['call RUNNING', 'approval ANSWERED', 'stream RUNNING'])
  released.open()
  await answering
  await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
})

test('D4 a tool that was running at a crash is OUTCOME_UNKNOWN, and does not run again', async () => {
  const never = new Promise<never>(() => {})
  const tool = newTool({ execute: () => never })
  await using server = await startServer([tool])
  const { client, segue } = server
  const { id, session } = await client.start({ text: callTool })
  const [approval] = await loadPending(client, approvalsQuery)
  await answerApproval(client, approval?.id ?? '', 'ONCE')
  await waitUntil(() => tool.runs.length === 1)

  const toolAfterCrash = newTool()
  await using after = await startSegueWithTools([toolAfterCrash], { home: segue.copyHome() })
  await using later = new ChatClient(after.url)
  const { status, message } = await later.stream(id)
  expect(status).toBe('INTERRUPTED')
  const call = message?.parts.find((part) => part.type === 'ToolCallPart')?.toolCall
  expect(call).toMatchObject({ name: 'files__write', state: 'OUTCOME_UNKNOWN', result: null })
  const hello = await later.start({ text: 'Hello', sessionId: session.id })
  await new EventReader(later.followStream(hello.id)).readUntilType('StreamFinished')
  expect(toolAfterCrash.runs).toEqual([])
})

test('D10 after a disconnect, the decision that was answered meanwhile is delivered, after those that are pending', async () => {
  await using server = await startServer([newTool()])
  const { client } = server
  const settledSince = new Date().toISOString()
  await client.start({ text: callTool })
  const [approval] = await loadPending(client, approvalsQuery)
  await answerApproval(client, approval?.id ?? '', 'DENY')
  await client.start({ text: callTool })
  const [pending] = await loadPending(client, approvalsQuery)
  const query = `subscription ($since: DateTime) { decided: approvals(settledSince: $since) ${approvalFields} }`
  const received = server.newClient().subscribe(query, { since: settledSince })
  expect([await next(received), await next(received)]).toMatchObject([
    { id: pending?.id, state: 'PENDING' },
    { id: approval?.id, state: 'ANSWERED', decision: 'DENY' },
  ])
  await received.return(undefined)
})
