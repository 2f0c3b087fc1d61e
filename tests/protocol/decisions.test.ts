import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { newLatch } from '../support/fixtures/agent-chats.ts'
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

interface Asked extends AsyncDisposable {
  readonly segue: SegueWithTools
  readonly client: ChatClient
  another(): ChatClient
}

async function newWorld(tools: readonly ScriptedTool[], options: SegueWithToolsOptions = {}): Promise<Asked> {
  await using made = new AsyncDisposableStack()
  const segue = made.use(await startSegueWithTools(tools, options))
  const clients = made.use(new AsyncDisposableStack())
  const another = (): ChatClient => clients.use(new ChatClient(segue.url))
  const client = another()
  const kept = made.move()
  return { segue, client, another, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const approvalFields = '{ id state decision stream { id status } session { id } toolCall { name state } }'
const questionFields = '{ id state question answer stream { id status } }'
const approvalsQuery = `subscription { told: approvals ${approvalFields} }`
const questionsQuery = `subscription { told: clarifications ${questionFields} }`

const decisionSchema = z.object({
  told: z.object({
    id: z.string(),
    state: z.string(),
    decision: z.string().nullish(),
    answer: z.string().nullish(),
    stream: z.object({ id: z.string(), status: z.string() }),
    toolCall: z.object({ name: z.string(), state: z.string() }).optional(),
  }),
})
type ShownDecision = z.output<typeof decisionSchema>['told']

async function next(told: AsyncGenerator<Readonly<Record<string, unknown>>>): Promise<ShownDecision> {
  return decisionSchema.parse((await told.next()).value).told
}

/** What waits, one after the other. */
async function waiting(client: ChatClient, query: string, count = 1): Promise<ShownDecision[]> {
  const told = client.subscribe(query, {})
  const all: ShownDecision[] = []
  while (all.length < count) all.push(await next(told))
  await told.return(undefined)
  return all
}

const allow = (client: ChatClient, id: string, decision: string) =>
  client.ask(
    `mutation ($id: ID!, $decision: ApprovalDecision!) {
      told: answerApproval(id: $id, decision: $decision) ${approvalFields} }`,
    { id, decision },
  )

const answer = (client: ChatClient, id: string, text: string) =>
  client.ask(
    `mutation ($id: ID!, $answer: String!) { told: answerClarification(id: $id, answer: $answer) ${questionFields} }`,
    { id, answer: text },
  )

function brief(event: ApiEvent): string {
  switch (event.type) {
    case 'StreamStarted':
    case 'StreamChanged':
    case 'StreamFinished':
      return `stream ${event.stream.status}`
    case 'ToolCallChanged':
      return `call ${event.toolCall.state}`
    case 'ApprovalChanged':
      return `approval ${event.approval.state}`
    case 'ClarificationChanged':
      return `question ${event.clarification.state}`
    default:
      return event.type
  }
}

const write = '/tool files__write {"text":"Hi"}'
const paint = '/ask Which one?'
const stale = { code: 'STALE' }

test('D1 a stream is WAITING while a call or a question of it waits, and its log tells of each change', async () => {
  await using world = await newWorld([newTool()])
  const { client } = world
  const { id } = await client.start({ text: `${write}\n${paint}` })
  const reader = new EventReader(client.followStream(id))
  const [[approval], [question]] = await Promise.all([waiting(client, approvalsQuery), waiting(client, questionsQuery)])
  expect((await client.stream(id)).status).toBe('WAITING')
  await answer(client, question?.id ?? '', 'Red')
  expect((await client.stream(id)).status).toBe('WAITING')
  await allow(client, approval?.id ?? '', 'ONCE')
  const events = (await reader.readToEnd()).map(brief)
  const told = events.filter((each) => !each.startsWith('call') && !each.endsWith('Delta'))
  expect(told.filter((each) => each.startsWith('stream'))).toEqual([
    'stream RUNNING',
    'stream WAITING',
    'stream RUNNING',
    'stream COMPLETED',
  ])
  expect(told.filter((each) => each.startsWith('approval'))).toEqual(['approval PENDING', 'approval ANSWERED'])
  expect(told.filter((each) => each.startsWith('question'))).toEqual(['question PENDING', 'question ANSWERED'])
  expect(told.indexOf('stream WAITING')).toBeLessThan(told.indexOf('question ANSWERED'))
  expect(told.lastIndexOf('stream RUNNING')).toBeGreaterThan(told.indexOf('approval ANSWERED'))
})

test('D1 approvals and clarifications begin with what waits, in any session, and go on with what changes', async () => {
  await using world = await newWorld([newTool()])
  const { client } = world
  const started = [await client.start({ text: write }), await client.start({ text: write })]
  await waiting(client, approvalsQuery, 2)
  const told = world.another().subscribe(approvalsQuery, {})
  const first = [await next(told), await next(told)]
  expect(first.map(({ stream, state }) => [stream.id, state]).toSorted()).toEqual(
    started.map(({ id }) => [id, 'PENDING']).toSorted(),
  )
  await allow(client, first[1]?.id ?? '', 'DENY')
  expect(await next(told)).toMatchObject({ id: first[1]?.id, state: 'ANSWERED', decision: 'DENY' })
  const asked = world.another().subscribe(questionsQuery, {})
  const { id } = await client.start({ text: paint })
  expect(await next(asked)).toMatchObject({ state: 'PENDING', stream: { id } })
  await client.cancel(id)
  expect(await next(asked)).toMatchObject({ state: 'CANCELLED', stream: { id, status: 'CANCELLED' } })
})

test('D2 the first answer counts, from whichever client, and any later one is STALE', async () => {
  const tool = newTool()
  await using world = await newWorld([tool])
  const { client } = world
  const { id } = await client.start({ text: write })
  const [approval] = await waiting(client, approvalsQuery)
  const clients = Array.from({ length: 8 }, () => world.another())
  const given = ['ONCE', 'DENY']
  const answers = await Promise.allSettled(
    clients.map((caller, index) => allow(caller, approval?.id ?? '', given[index % 2] ?? '')),
  )
  const counted = answers.flatMap((each) =>
    each.status === 'fulfilled' ? [decisionSchema.parse(each.value).told] : [],
  )
  expect(counted).toHaveLength(1)
  for (const each of answers) if (each.status === 'rejected') expect(each.reason).toMatchObject(stale)
  const end = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(end.stream.status).toBe('COMPLETED')
  expect(tool.runs).toHaveLength(counted[0]?.decision === 'ONCE' ? 1 : 0)
  await expect(allow(client, approval?.id ?? '', 'ONCE')).rejects.toMatchObject(stale)
})

test('D2 two calls are two decisions, also of one tool: each is answered by its id, in any order', async () => {
  const tool = newTool()
  await using world = await newWorld([tool])
  const { client } = world
  const { id } = await client.start({ text: '/tool files__write {"n":1}\n/tool files__write {"n":2}' })
  const [one, two] = await waiting(client, approvalsQuery, 2)
  await allow(client, two?.id ?? '', 'ONCE')
  await waitUntil(() => tool.runs.length === 1)
  expect((await client.stream(id)).status).toBe('WAITING')
  await allow(client, one?.id ?? '', 'DENY')
  const { message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : []))
  expect(calls?.map(({ arguments: given, state }) => [given, state])).toEqual([
    [{ n: 1 }, 'DENIED'],
    [{ n: 2 }, 'SUCCEEDED'],
  ])
  expect(tool.runs).toEqual([{ n: 2 }])
})

test('D3 what nobody answers in time is EXPIRED, which is a no; an answer that comes then is STALE', async () => {
  const tool = newTool()
  await using world = await newWorld([tool], { limits: { decisionSeconds: 0.8 } })
  const { client } = world
  const approvals = client.subscribe(approvalsQuery, {})
  const questions = client.subscribe(questionsQuery, {})
  const { id } = await client.start({ text: `${write}\n${paint}` })
  expect([(await next(approvals)).state, (await next(questions)).state]).toEqual(['PENDING', 'PENDING'])
  const [approval, question] = [await next(approvals), await next(questions)]
  expect(approval).toMatchObject({ state: 'EXPIRED', decision: null, toolCall: { state: 'DENIED' } })
  expect(question).toMatchObject({ state: 'EXPIRED', answer: null })
  const { stream, message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall.state] : []))
  expect(calls).toEqual(['DENIED', 'FAILED'])
  expect(tool.runs).toEqual([])
  await expect(allow(client, approval.id, 'ONCE')).rejects.toMatchObject(stale)
  await expect(answer(client, question.id, 'Red')).rejects.toMatchObject(stale)
})

test('D3 what waits is CANCELLED when its stream ends before that, in whatever way', async () => {
  await using world = await newWorld([newTool()])
  const { client } = world
  const approvals = world.another().subscribe(approvalsQuery, {})

  const one = await client.start({ text: write })
  const first = await next(approvals)
  expect((await client.cancel(one.id)).outcome).toBe('CANCELLED')
  expect(await next(approvals)).toMatchObject({ id: first.id, state: 'CANCELLED', decision: null })
  await expect(allow(client, first.id, 'ONCE')).rejects.toMatchObject(stale)

  const two = await client.start({ text: write, sessionId: one.session.id })
  const second = await next(approvals)
  await client.start({ text: 'Never mind.', sessionId: one.session.id, ifBusy: 'INTERRUPT' })
  expect(await next(approvals)).toMatchObject({ id: second.id, state: 'CANCELLED', stream: { id: two.id } })

  await client.start({ text: write })
  const third = await next(approvals)
  await world.segue.chats.close()
  expect(await next(approvals)).toMatchObject({
    id: third.id,
    state: 'CANCELLED',
    stream: { status: 'INTERRUPTED' },
    toolCall: { state: 'CANCELLED' },
  })
})

test('D3 what waited when the server was killed is CANCELLED, and its stream INTERRUPTED', async () => {
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const argv = ['--home', home, '--port', '0', '--no-hermes']
  await using before = await startServerProcess({ argv })
  await using client = new ChatClient(before.url)
  const { id } = await client.start({ text: paint, model: 'offline/eliza' })
  const [question] = await waiting(client, questionsQuery)
  await before.stop('SIGKILL')
  await using after = await startTestSegueWithFlags({ argv })
  await using again = new ChatClient(after.url)
  expect((await again.stream(id)).status).toBe('INTERRUPTED')
  const listed = await again.ask(`{ all: clarifications(pending: null) ${questionFields} }`)
  expect(listed['all']).toMatchObject([{ id: question?.id, state: 'CANCELLED', answer: null }])
  await expect(answer(again, question?.id ?? '', 'Red')).rejects.toMatchObject(stale)
})

test('D4 a tool runs once its call and its approval are committed: a reader knows of both by then', async () => {
  const ran = newLatch()
  const held = newLatch()
  const tool = newTool({
    execute: async () => {
      ran.open()
      await held.opened
      return 'done'
    },
  })
  await using world = await newWorld([tool])
  const { client } = world
  const { id, session } = await client.start({ text: write })
  const [approval] = await waiting(client, approvalsQuery)
  expect(tool.runs).toEqual([])
  const allowed = allow(client, approval?.id ?? '', 'ONCE')
  await ran.opened
  const events = (await client.events(session.id)).map(brief)
  expect(events.slice(-3)).toEqual(['call RUNNING', 'approval ANSWERED', 'stream RUNNING'])
  held.open()
  await allowed
  await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
})

test('D4 one that ran when the server died is OUTCOME_UNKNOWN, and is not run again by itself', async () => {
  const never = new Promise<never>(() => {})
  const tool = newTool({ execute: () => never })
  await using world = await newWorld([tool])
  const { client, segue } = world
  const { id, session } = await client.start({ text: write })
  const [approval] = await waiting(client, approvalsQuery)
  await allow(client, approval?.id ?? '', 'ONCE')
  await waitUntil(() => tool.runs.length === 1)

  const again = newTool()
  await using after = await startSegueWithTools([again], { home: segue.copyHome() })
  await using later = new ChatClient(after.url)
  const { status, message } = await later.stream(id)
  expect(status).toBe('INTERRUPTED')
  const call = message?.parts.find((part) => part.type === 'ToolCallPart')?.toolCall
  expect(call).toMatchObject({ name: 'files__write', state: 'OUTCOME_UNKNOWN', result: null })
  const hello = await later.start({ text: 'Hello', sessionId: session.id })
  await new EventReader(later.followStream(hello.id)).readUntilType('StreamFinished')
  expect(again.runs).toEqual([])
})
