import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Tool } from '../../../src/agent/tools/tool.ts'
import { EventStream } from '../../support/clients/event-stream.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { trackServerConnections } from '../../support/server/server-connections.ts'
import {
  startSegueWithTools,
  type SegueWithTools,
  type SegueWithToolsOptions,
} from '../../support/server/segue-with-tools.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  ask,
  follow,
  requireNonNull,
  readUntil,
  expectRefusal,
  expectSubscriptionRefusal,
  mutate,
} from '../support/typed-client.ts'
import { cancelStream, type ChatEvent, loadEvents, followStream, isEventOfType, startChat } from '../support/chat.ts'
import { type Client, connect, readingTransports, transports } from '../support/clients.ts'
import { computeDigest, foldParts } from '../support/fold.ts'
import {
  AllowedToolsDocument,
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  AnswerFourDocument,
  ApprovalNodeDocument,
  type ApprovalsQueryVariables,
  ApprovalsDocument,
  ClarificationNodeDocument,
  ClarificationsDocument,
  FollowApprovalsDocument,
  FollowClarificationsDocument,
  ForgetApprovalDocument,
  NodeDocument,
  SessionDecisionsDocument,
} from '../generated/graphql.ts'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'

interface World extends AsyncDisposable {
  readonly segue: SegueWithTools
  readonly client: Client
}

async function newWorld(
  transport: Parameters<typeof connect>[0],
  tools: readonly Tool[] = [newTool()],
  options: SegueWithToolsOptions = {},
): Promise<World> {
  await using disposables = new AsyncDisposableStack()
  const segue = disposables.use(await startSegueWithTools(tools, options))
  const client = disposables.use(connect(transport, segue.url))
  const owned = disposables.move()
  return { segue, client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const write = '/tool files__write {"text":"Hi"}'
const paint = '/ask Which one? | Red | Blue'

/** Lists approvals: pending ones, resolved ones, or both if `pending` is null. */
const approvalsOf = async (client: Client, which: ApprovalsQueryVariables = {}) =>
  (await ask(client, ApprovalsDocument, which)).approvals
const clarificationsOf = async (client: Client, which: ApprovalsQueryVariables = {}) =>
  (await ask(client, ClarificationsDocument, which)).clarifications

/** Reads events until the stream waits for this number of decisions. */
async function untilWaiting(events: AsyncGenerator<ChatEvent, void, void>, count = 1): Promise<ChatEvent[]> {
  const received: ChatEvent[] = []
  for (let waiting = 0; waiting < count; waiting += 1) {
    const isPendingDecision = (event: ChatEvent): event is ChatEvent =>
      (event.type === 'ApprovalChanged' && event.state === 'PENDING') ||
      (event.type === 'ClarificationChanged' && event.state === 'PENDING')
    received.push(...(await readUntil(events, isPendingDecision)).received)
  }
  return received
}

/** Resolves when the stream waits for this number of decisions. */
async function waits(client: Client, streamId: string, count = 1): Promise<void> {
  const events = followStream(client, streamId)
  await untilWaiting(events, count)
  await events.return()
}

describe.each(transports)('An approval, over %s,', (transport) => {
  test('is emitted, listed, found by its id, and answered by any client; then the stream continues', async () => {
    const tool = newTool()
    await using environment = await newWorld(transport, [tool])
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const { id: streamId, session } = await startChat(client, { text: write })
    const events = followStream(client, streamId)
    const first = await untilWaiting(events)
    const lastEvent = first.at(-1)
    const approval = lastEvent?.type === 'ApprovalChanged' ? lastEvent.approval : null
    expect(approval).toEqual({
      id: expect.stringMatching(/^apr_/),
      description: 'Run files__write with {"text":"Hi"}',
      choices: ['ONCE', 'SESSION', 'ALWAYS', 'DENY'],
      state: 'PENDING',
      decision: null,
      reason: null,
      arguments: null,
      pattern: null,
      releasedBy: null,
      requestedAt: expect.any(String),
      expiresAt: expect.any(String),
      resolvedAt: null,
    })
    const id = approval?.id ?? ''
    expect(Date.parse(approval?.expiresAt ?? '') - Date.parse(approval?.requestedAt ?? '')).toBe(300_000)
    const now = {
      ...approval,
      session: { id: session.id },
      stream: { id: streamId, status: 'WAITING' },
      toolCall: expect.objectContaining({
        name: 'files__write',
        state: 'AWAITING_APPROVAL',
        arguments: { text: 'Hi' },
      }),
    }
    expect(await approvalsOf(other)).toEqual([now])
    expect((await ask(other, ApprovalNodeDocument, { id })).node).toEqual(now)
    expect(await ask(other, NodeDocument, { id })).toEqual({ node: { type: 'Approval', id } })
    expect((await ask(other, SessionDecisionsDocument, { id: session.id })).session).toEqual({
      pendingApprovals: [approval],
      pendingClarifications: [],
    })
    expect(tool.runs).toEqual([])

    const answered = (await mutate(other, AnswerApprovalDocument, { id, decision: 'ONCE' })).answerApproval
    expect(answered).toMatchObject({ id, state: 'ANSWERED', decision: 'ONCE' })
    const { received: rest, last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.stream.status).toBe('COMPLETED')
    const all = [...first, ...rest]
    const statuses = all.flatMap((event) => ('stream' in event ? [event.status] : []))
    expect(statuses).toEqual(['RUNNING', 'WAITING', 'RUNNING', 'COMPLETED'])
    const states = all.flatMap((event) => (event.type === 'ToolCallChanged' ? [event.toolCallState] : []))
    expect(states).toEqual(['AWAITING_APPROVAL', 'RUNNING', 'SUCCEEDED'])
    const decided = all.flatMap((event) => (event.type === 'ApprovalChanged' ? [[event.state, event.decision]] : []))
    expect(decided).toEqual([
      ['PENDING', null],
      ['ANSWERED', 'ONCE'],
    ])
    expect(foldParts(all)).toEqual(last.message?.parts)
    expect(computeDigest(foldParts(all))).toBe(last.message?.digest)
    expect(tool.runs).toEqual([{ text: 'Hi' }])

    expect(await approvalsOf(other)).toEqual([])
    const resolved = (await ask(other, ApprovalNodeDocument, { id })).node
    expect(resolved).toMatchObject({ state: 'ANSWERED', toolCall: { state: 'SUCCEEDED' } })
    expect(await expectRefusal(client, AnswerApprovalDocument, { id, decision: 'DENY' })).toMatchObject({
      code: 'STALE',
    })
    expect(segue.warnings).toEqual([])
  })

  test('exists for each call: they can be approved and denied in any order', async () => {
    const tool = newTool()
    await using environment = await newWorld(transport, [tool])
    const { client } = environment
    const text = '/tool files__write {"n":1}\n/tool files__write {"n":2}'
    const { id: streamId } = await startChat(client, { text })
    const events = followStream(client, streamId)
    await untilWaiting(events, 2)
    const [one, two] = await approvalsOf(client)
    await mutate(client, AnswerApprovalDocument, { id: two?.id ?? '', decision: 'DENY' })
    expect((await approvalsOf(client)).map(({ id }) => id)).toEqual([one?.id])
    await mutate(client, AnswerApprovalDocument, { id: one?.id ?? '', decision: 'ONCE' })
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.message?.toolCalls.map(({ state, error }) => [state, error])).toEqual([
      ['SUCCEEDED', null],
      ['DENIED', 'The user did not allow this call. It was not run.'],
    ])
    expect(tool.runs).toEqual([{ n: 1 }])
  })

  test('is cancelled with its stream', async () => {
    await using environment = await newWorld(transport)
    const { client } = environment
    const { id: streamId } = await startChat(client, { text: `${write}\n${paint}` })
    const events = followStream(client, streamId)
    await untilWaiting(events, 2)
    const [approval] = await approvalsOf(client)
    const [question] = await clarificationsOf(client)
    const cancelled = await cancelStream(client, streamId)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', stream: { status: 'CANCELLED' } })
    expect(cancelled.message?.toolCalls.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.message).toEqual(cancelled.message)
    const stale = { code: 'STALE' }
    const answer = { id: approval?.id ?? '', decision: 'ONCE' } as const
    expect(await expectRefusal(client, AnswerApprovalDocument, answer)).toMatchObject(stale)
    expect(
      await expectRefusal(client, AnswerClarificationDocument, { id: question?.id ?? '', answer: 'Red' }),
    ).toMatchObject(stale)
    expect(await approvalsOf(client, { pending: false })).toMatchObject([{ state: 'CANCELLED', decision: null }])
    expect(await clarificationsOf(client, { pending: false })).toMatchObject([{ state: 'CANCELLED', answer: null }])
  })
})

describe.each(transports)('A clarification, over %s,', (transport) => {
  test('is emitted, listed, found by its id, and answered; the transcript has the answer', async () => {
    await using environment = await newWorld(transport, [])
    const { client } = environment
    const { id: streamId, session } = await startChat(client, { text: paint })
    const events = followStream(client, streamId)
    const lastEvent = (await untilWaiting(events)).at(-1)
    const question = lastEvent?.type === 'ClarificationChanged' ? lastEvent.clarification : null
    expect(question).toMatchObject({
      id: expect.stringMatching(/^clr_/),
      question: 'Which one?',
      choices: ['Red', 'Blue'],
      state: 'PENDING',
      answer: null,
    })
    const id = question?.id ?? ''
    const now = {
      ...question,
      session: { id: session.id },
      stream: { id: streamId, status: 'WAITING' },
      toolCall: expect.objectContaining({ name: 'clarify', state: 'RUNNING' }),
    }
    expect(await clarificationsOf(client)).toEqual([now])
    expect((await ask(client, ClarificationNodeDocument, { id })).node).toEqual(now)
    expect((await ask(client, SessionDecisionsDocument, { id: session.id })).session).toMatchObject({
      pendingApprovals: [],
      pendingClarifications: [{ id }],
    })
    for (const answer of ['', '  ', 'x'.repeat(100_001)]) {
      expect(await expectRefusal(client, AnswerClarificationDocument, { id, answer })).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['answer'],
      })
    }
    const answered = (await mutate(client, AnswerClarificationDocument, { id, answer: 'Green' })).answerClarification
    expect(answered).toMatchObject({ id, state: 'ANSWERED', answer: 'Green', toolCall: { result: 'Green' } })
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.message).toMatchObject({
      toolCalls: [{ name: 'clarify', state: 'SUCCEEDED', result: 'Green' }],
      text: 'You said: Green',
    })
    expect(await expectRefusal(client, AnswerClarificationDocument, { id, answer: 'Red' })).toMatchObject({
      code: 'STALE',
    })
  })
})

describe.each(transports)('A subscription to decisions, over %s,', (transport) => {
  test('emits all pending approvals, then each change, without end', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const startAndWait = async () => {
      const stream = await startChat(other, { text: write })
      await waits(other, stream.id)
      return stream
    }
    // Which of two that run at the same time asks first is left open.
    const started = [await startAndWait(), await startAndWait()]
    const approvals = follow(client, FollowApprovalsDocument, {})
    const next = async () => requireNonNull((await approvals.next()).value).approvals
    const waiting = [await next(), await next()]
    expect(waiting.map(({ stream, state }) => [stream.id, state])).toEqual(started.map(({ id }) => [id, 'PENDING']))
    for (const { id } of waiting.toReversed()) {
      await mutate(other, AnswerApprovalDocument, { id, decision: 'DENY' })
      expect(await next()).toMatchObject({ id, state: 'ANSWERED', decision: 'DENY' })
    }
    const { id: streamId, session } = await startChat(other, { text: write })
    expect(await next()).toMatchObject({
      state: 'PENDING',
      session: { id: session.id },
      toolCall: { name: 'files__write' },
    })
    await cancelStream(other, streamId)
    expect(await next()).toMatchObject({ state: 'CANCELLED', toolCall: { state: 'CANCELLED' } })
    await approvals.return(undefined)
  })

  test('emits only clarifications when it is for clarifications', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const questions = follow(client, FollowClarificationsDocument, {})
    const first = questions.next()
    const { id: streamId } = await startChat(other, { text: `${write}\n${paint}` })
    expect(requireNonNull((await first).value).clarifications).toMatchObject({
      state: 'PENDING',
      stream: { id: streamId },
    })
    await cancelStream(other, streamId)
    expect(requireNonNull((await questions.next()).value).clarifications).toMatchObject({ state: 'CANCELLED' })
    await questions.return(undefined)
  })

  test('ends when its client disconnects, and affects nothing else', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    const followed = vi.spyOn(segue.chats.decisions, 'subscribe')
    const { id: streamId } = await startChat(client, { text: write })
    await waits(client, streamId)
    const subscription = follow(client, FollowApprovalsDocument, {})
    await subscription.next()
    const inside = followed.mock.results[0]
    await subscription.return(undefined)
    expect(inside?.type === 'return' && (await inside.value.next())).toEqual({ done: true, value: undefined })
    expect(await approvalsOf(client)).toMatchObject([{ state: 'PENDING', stream: { status: 'WAITING' } }])
  })
})

describe('A slow consumer of approvals', () => {
  // Each event is selected ten times, so that a few events fill the socket's buffers.
  const often = Array.from({ length: 10 }, (_, index) => `c${index}: toolCall { argumentsText }`).join(' ')
  const query = `subscription { approvals { id state ${often} } }`
  const line = `/tool files__write ${JSON.stringify({ text: 'x'.repeat(100_000) })}`
  const bound = 4 * 1_048_576 // bytes; all events together have 18 MB

  async function measureMaxBufferedBytes(
    segue: SegueWithTools,
    client: Client,
    subscribe: () => Promise<() => void>,
  ): Promise<number> {
    const { id } = await startChat(client, { text: Array.from({ length: 9 }, () => line).join('\n') })
    await waits(client, id, 9)
    using connections = trackServerConnections()
    const disconnect = await subscribe()
    let maxBytes = 0
    await waitUntil(() => {
      maxBytes = Math.max(maxBytes, connections.maxBufferedBytes)
      return maxBytes > 0
    })
    await cancelStream(client, id)
    for (let look = 0; look < 20; look += 1) {
      await yieldToEventLoop()
      maxBytes = Math.max(maxBytes, connections.maxBufferedBytes)
    }
    expect(await approvalsOf(client)).toEqual([])
    expect(segue.warnings).toEqual([])
    disconnect()
    return maxBytes
  }

  test('holds at most one event over an event stream, and delays no other client', async () => {
    await using environment = await newWorld('http')
    const maxBytes = await measureMaxBufferedBytes(environment.segue, environment.client, async () => {
      const stream = await EventStream.open(environment.segue.url, { query })
      stream.pause()
      return () => stream.destroy()
    })
    expect(maxBytes).toBeLessThan(bound)
  })

  test('holds at most one event over a WebSocket, and delays no other client', async () => {
    await using environment = await newWorld('http')
    const maxBytes = await measureMaxBufferedBytes(environment.segue, environment.client, async () => {
      const socket = await RawSocket.open(environment.segue.url)
      socket.subscribe('slow', query)
      await socket.nextFor('slow')
      socket.pause()
      return () => socket.destroy()
    })
    expect(maxBytes).toBeLessThan(bound)
  })
})

describe.each(readingTransports)('A resolved decision, read over %s,', (transport) => {
  test('is listed by the argument pending: pending ones by default, or resolved ones', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const one = await startChat(other, { text: `${write}\n${paint}` })
    await waits(other, one.id, 2)
    await cancelStream(other, one.id)
    const two = await startChat(other, { text: `${write}\n${paint}` })
    await waits(other, two.id, 2)
    for (const [pending, streams] of [
      [undefined, [two.id]],
      [true, [two.id]],
      [false, [one.id]],
    ] as const) {
      const which = pending === undefined ? {} : { pending }
      expect((await approvalsOf(client, which)).map(({ stream }) => stream.id)).toEqual(streams)
      expect((await clarificationsOf(client, which)).map(({ stream }) => stream.id)).toEqual(streams)
    }
  })

  test('is not listed in another profile, and an invalid profile name is refused', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const { id } = await startChat(other, { text: `${write}\n${paint}` })
    await waits(other, id, 2)
    expect(await approvalsOf(client, { profile: 'default' })).toHaveLength(1)
    for (const pending of [true, false, null]) {
      expect(await approvalsOf(client, { profile: 'work', pending })).toEqual([])
      expect(await clarificationsOf(client, { profile: 'work', pending })).toEqual([])
    }
    for (const profile of ['', '../work', 'a b', 'x'.repeat(100)]) {
      const wrong = { code: 'BAD_USER_INPUT', path: ['profile'] }
      expect(await expectRefusal(client, ApprovalsDocument, { profile }), profile).toMatchObject(wrong)
      expect(await expectRefusal(client, ClarificationsDocument, { profile }), profile).toMatchObject(wrong)
    }
  })
})

describe.each(transports)('A profile, over %s,', (transport) => {
  test('emits only its own decisions, also if it did not exist before; an invalid name is refused', async () => {
    await using environment = await newWorld(transport)
    const { client, segue } = environment
    await using other = connect('http', segue.url)
    const { decisions } = (await segue.profiles.open('work')).chats
    const followed = vi.spyOn(decisions, 'subscribe')
    const quiet = follow(client, FollowApprovalsDocument, { profile: 'work' })
    const first = quiet.next()
    await waitUntil(() => followed.mock.calls.length === 1)
    const { id } = await startChat(other, { text: write })
    await waits(other, id)
    await cancelStream(other, id)
    const otherStream = await startChat(other, { text: write, profile: 'work' })
    expect((await first).value).toMatchObject({ approvals: { state: 'PENDING', stream: { id: otherStream.id } } })
    await cancelStream(other, otherStream.id)
    const wrong = { code: 'BAD_USER_INPUT', path: ['profile'] }
    expect(await expectSubscriptionRefusal(client, FollowApprovalsDocument, { profile: '../work' })).toMatchObject(
      wrong,
    )
    expect(await expectSubscriptionRefusal(client, FollowClarificationsDocument, { profile: '' })).toMatchObject(wrong)
  })
})

describe('A tool that is allowed permanently', () => {
  const toolOf = (name: string) => newTool({ name })
  const all = ['once', 'session', 'always', 'deny']

  test('is listed by the profile, and can be revoked', async () => {
    await using environment = await newWorld('http', all.map(toolOf))
    const { client } = environment
    const text = all.map((name) => `/tool ${name}`).join('\n')
    const first = await startChat(client, { text })
    const sessionId = first.session.id
    await waits(client, first.id, 4)
    const waiting = await approvalsOf(client)
    const idOf = (name: string): string => waiting.find(({ toolCall }) => toolCall.name === name)?.id ?? ''
    const ids = { once: idOf('once'), session: idOf('session'), always: idOf('always'), deny: idOf('deny') }
    expect(await mutate(client, AnswerFourDocument, ids)).toMatchObject({
      once: { decision: 'ONCE' },
      session: { decision: 'SESSION' },
      always: { decision: 'ALWAYS' },
      deny: { decision: 'DENY' },
    })
    await readUntil(followStream(client, first.id), isEventOfType('StreamFinished'))
    const allowed = async () =>
      requireNonNull((await ask(client, AllowedToolsDocument, { id: sessionId })).session).profile
    expect(await allowed()).toEqual({ allowedTools: ['always'] })

    /** Runs another turn and returns the tools that asked for approval. Denies all of them. */
    const asking = async (where: string | null): Promise<string[]> => {
      const { id } = await startChat(client, { text, ...(where !== null && { sessionId: where }) })
      for await (const event of followStream(client, id)) {
        if (event.type !== 'ApprovalChanged' || event.state !== 'PENDING') continue
        await mutate(client, AnswerApprovalDocument, { id: event.approval.id, decision: 'DENY' })
      }
      const approvals = (await approvalsOf(client, { pending: false })).filter(({ stream }) => stream.id === id)
      return approvals.map(({ toolCall }) => toolCall.name).toSorted()
    }
    expect(await asking(sessionId)).toEqual(['deny', 'once'])
    expect(await asking(null)).toEqual(['deny', 'once', 'session'])

    const forgotten = await mutate(client, ForgetApprovalDocument, { tool: 'always' })
    expect(forgotten.forgetApproval).toEqual({
      id: 'prf_default',
      name: 'default',
      isDefault: true,
      allowedTools: [],
    })
    await mutate(client, ForgetApprovalDocument, { tool: 'session' })
    await mutate(client, ForgetApprovalDocument, { tool: 'there is none of this name' })
    expect(await asking(sessionId)).toEqual(['always', 'deny', 'once', 'session'])
    const otherProfile = await mutate(client, ForgetApprovalDocument, { tool: 'once', profile: 'work' })
    expect(otherProfile.forgetApproval).toMatchObject({ name: 'work', isDefault: false, allowedTools: [] })
    expect(existsSync(join(environment.segue.home, 'profiles'))).toBe(false)
    expect(await expectRefusal(client, ForgetApprovalDocument, {})).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['tool'],
    })
    expect(await expectRefusal(client, ForgetApprovalDocument, { tool: 'once', profile: '../work' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['profile'],
    })
  })
})

describe.each(transports)('An unknown decision, over %s,', (transport) => {
  test('is NOT_FOUND in a mutation and null in node', async () => {
    await using environment = await newWorld(transport)
    const { client } = environment
    const { id: streamId } = await startChat(client, { text: `${write}\n${paint}` })
    await waits(client, streamId, 2)
    const approval = requireNonNull((await approvalsOf(client))[0]).id
    const question = requireNonNull((await clarificationsOf(client))[0]).id
    const missing = { code: 'NOT_FOUND' }
    const unknown = approval.replace(/.{4}$/, '0000')
    for (const id of [unknown, question, streamId, '', 'apr_', '\u0000']) {
      const answer = { id, decision: 'ONCE' } as const
      expect(await expectRefusal(client, AnswerApprovalDocument, answer), JSON.stringify(id)).toMatchObject(missing)
    }
    for (const id of [approval, unknown, 'nothing']) {
      expect(await expectRefusal(client, AnswerClarificationDocument, { id, answer: 'Red' })).toMatchObject(missing)
    }
    expect(await ask(client, NodeDocument, { id: unknown })).toEqual({ node: null })
    expect(await approvalsOf(client)).toMatchObject([{ id: approval, state: 'PENDING' }])
  })
})

test('A long tool result is cut in the API and complete at its resultUrl', async () => {
  const text = '0123456789'.repeat(1_000_000)
  const huge = newTool({ name: 'huge', isReadOnly: true, execute: async () => text })
  await using environment = await newWorld('http', [huge])
  const { client, segue } = environment
  const { id, session } = await startChat(client, { text: '/tool huge' })
  const { last } = await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
  const [call] = last.message?.toolCalls ?? []
  expect(String(call?.result)).toMatch(/^(0123456789){5000}\n\[Truncated: the first 50000 of 10000000 characters/)
  const response = await fetch(segue.url + requireNonNull(call?.resultUrl))
  expect(response.status).toBe(200)
  expect((await response.text()) === text).toBe(true)
  const events = await loadEvents(client, session.id)
  expect(JSON.stringify(events).length).toBeLessThan(400_000)
})
