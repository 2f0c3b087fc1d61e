import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentRun } from '../../../../src/agent/agent.ts'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import type { ToolCallRequest } from '../../../../src/agent/agent.ts'
import { type Tool, ToolError } from '../../../../src/agent/tools/tool.ts'
import type { ToolboxOptions } from '../../../../src/agent/tools/toolbox.ts'
import { Notifier } from '../../../../src/lib/notifier.ts'
import { ChatService } from '../../../../src/chat/chat-service.ts'
import { isFinal } from '../../../../src/model/tool-call.ts'
import { SessionRepository } from '../../../../src/sessions/session-repository.ts'
import type { AppendRequest } from '../../../../src/storage/event-store.ts'
import type { ApprovalDecision, DecisionRecord } from '../../../../src/model/decision.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import type { ToolCall } from '../../../../src/model/message.ts'
import {
  type ChatFixture,
  openChatFixture,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
} from '../../../support/fixtures/agent-chats.ts'
import { waitForAbort } from '../../../../src/lib/wait-for-abort.ts'
import { newChatRequest } from '../../../support/fixtures/chat-request.ts'
import { newResolvedModel, failingTextGenerator } from '../../../support/providers/resolved-model.ts'
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { waitForOnlyPending, waitForPending } from '../../../support/pending.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newToolCallRequest, answerWithCalls, newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { yieldToEventLoop } from '../../../../src/lib/yield-to-event-loop.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const open: AsyncDisposable[] = []
const folders: string[] = []

beforeEach(() => {
  expect(open).toEqual([])
})

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Chats whose every answer makes these calls, and then says `Done.` */
function world(
  tools: readonly Tool[],
  calls: readonly ToolCallRequest[],
  rules: Partial<ToolboxOptions> = {},
): ChatFixture {
  return worldOf(answerWithCalls(newToolbox({ source: newToolSource(...tools), ...rules }), ...calls))
}

function worldOf(...answers: readonly ScriptedAnswer[]): ChatFixture {
  const made = newChatFixture(...answers)
  open.push(made)
  return made
}

/** What the disk has at this moment, started anew: as after a `kill -9`. */
async function crashed(home: string, ...answers: readonly ScriptedAnswer[]): Promise<ChatFixture> {
  const copy = newTempFolder()
  folders.push(copy)
  cpSync(home, copy, { recursive: true })
  const made = openChatFixture(copy, ...answers)
  open.push(made)
  await made.chats.recover()
  return made
}

/** All decisions of a world, with what counts of them. */
async function decisionsIn({ profile }: ChatFixture): Promise<DecisionRecord[]> {
  const all = await Promise.all(
    (['approval', 'clarification'] as const).map((kind) => profile.decisions.listDecisions({ kind, limit: 1000 })),
  )
  return all.flat().map(({ decision }) => decision)
}

async function callsOf(from: ChatFixture, streamId: string): Promise<ToolCall[]> {
  const parts = (await from.findAnswer(streamId))?.parts ?? []
  return parts.flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

/** An event in a few words. */
function brief(event: ChatEvent): string {
  switch (event.type) {
    case 'ToolCallChanged':
      return `call ${event.toolCall.state}`
    case 'ApprovalChanged':
    case 'ClarificationChanged':
      return `${event.decision.kind} ${event.decision.state}`
    case 'StreamStarted':
    case 'StreamChanged':
    case 'StreamFinished':
      return `stream ${event.stream.status}`
    default:
      return event.type
  }
}

async function finished(from: ChatFixture, { id }: StreamRecord): Promise<StreamRecord> {
  const end = (await from.follow(id)).at(-1)
  if (end?.type !== 'StreamFinished') throw new Error('it has no end')
  return end.stream
}

/** What was asked in a stream, whether it waits still or not. */
async function askedIn({ chats }: ChatFixture, { id }: StreamRecord): Promise<DecisionRecord> {
  for await (const event of await chats.subscriptions.subscribeToStream(id, 0)) {
    if (event.type === 'ApprovalChanged') return event.decision
  }
  throw new Error('nobody was asked')
}

const write = newToolCallRequest('files__write', '{"text":"Hi"}')
const stale = { code: 'STALE' }

describe('a call that has to be allowed', () => {
  test('waits, and its stream with it, until somebody allows it; then it runs, and the answer goes on', async () => {
    const tool = newTool()
    const it = world([tool], [write], { decisionTimeoutMs: 300_000 })
    const stream = await it.start('Write it.')
    const approval = await waitForOnlyPending(it.chats, 'approval')
    expect(approval).toMatchObject({
      sessionId: stream.sessionId,
      streamId: stream.id,
      description: 'Run files__write with {"text":"Hi"}',
      choices: ['ONCE', 'SESSION', 'ALWAYS', 'DENY'],
      decision: null,
      resolvedAt: null,
      toolCall: { name: 'files__write', state: 'AWAITING_APPROVAL', argumentsText: '{"text":"Hi"}', startedAt: null },
    })
    expect((approval.expiresAt ?? 0) - approval.requestedAt).toBe(300_000)
    expect(await it.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING', finishedAt: null })
    expect(await it.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    expect(tool.runs).toEqual([])

    const answered = await it.chats.decisions.answerApproval(approval.id, 'ONCE')
    expect(answered).toMatchObject({ id: approval.id, state: 'ANSWERED', decision: 'ONCE' })
    expect(answered.resolvedAt).toBeGreaterThanOrEqual(approval.requestedAt)
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([{ text: 'Hi' }])
    expect((await it.readLog(stream.sessionId)).map(brief)).toEqual([
      'stream RUNNING',
      'ToolCallDelta',
      'call AWAITING_APPROVAL',
      'approval PENDING',
      'stream WAITING',
      'call RUNNING',
      'approval ANSWERED',
      'stream RUNNING',
      'call SUCCEEDED',
      'TextDelta',
      'stream COMPLETED',
    ])
    expect(await it.chats.decisions.find(approval.id)).toEqual(answered)
    expect(it.loggedErrors).toEqual([])
  })

  test('is not run when it is denied, and the model is told so', async () => {
    const tool = newTool()
    const contexts: unknown[] = []
    const toolbox = newToolbox({ source: newToolSource(tool) })
    const it = worldOf(async function* (run) {
      yield* answerWithCalls(toolbox, write)(run)
      contexts.push((await run.history()).at(1), (await run.history()).at(2))
    })
    const stream = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    expect(await it.chats.decisions.answerApproval(id, 'DENY')).toMatchObject({ state: 'ANSWERED', decision: 'DENY' })
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    const error = 'The user did not allow this call. It was not run.'
    expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'DENIED', error, result: null, startedAt: null }])
    expect(contexts[1]).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', output: { type: 'error-text', value: error } }],
    })
  })

  test('of a tool that a rule denies asks nobody: its stream never waits', async () => {
    const tool = newTool()
    const it = world([tool], [write], { policy: new ApprovalPolicy({ '*': 'allow', 'files__*': 'deny' }) })
    const stream = await it.start('Write it.')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await callsOf(it, stream.id)).toMatchObject([
      { state: 'DENIED', error: 'The configuration denies this tool. It was not run.' },
    ])
    expect(tool.runs).toEqual([])
    expect(await decisionsIn(it)).toEqual([])
    expect((await it.readLog(stream.sessionId)).map(brief)).not.toContain('stream WAITING')
  })

  test('is asked about once, by an id that it keeps, and is told by that in its session', async () => {
    const it = world([newTool()], [write])
    const { sessionId } = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    await it.chats.decisions.answerApproval(id, 'DENY')
    const told = (await it.readLog(sessionId)).flatMap((event) =>
      event.type === 'ApprovalChanged' ? [event.decision] : [],
    )
    expect(told.map((decision) => decision.id)).toEqual([id, id])
  })
})

describe('a question', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?","choices":["Red","Blue"]}')

  test('waits for its answer, which is the result of its call; any answer is as good', async () => {
    const it = world([], [ask])
    const stream = await it.start('Paint it.')
    const question = await waitForOnlyPending(it.chats, 'clarification')
    expect(question).toMatchObject({
      question: 'Which one?',
      choices: ['Red', 'Blue'],
      answer: null,
      toolCall: { name: 'clarify', state: 'RUNNING' },
    })
    expect(await it.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    const answered = await it.chats.decisions.answerClarification(question.id, ' Green \ud83d')
    expect(answered).toMatchObject({ state: 'ANSWERED', answer: ' Green \ufffd' })
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'SUCCEEDED', result: ' Green \ufffd', error: null }])
    expect((await it.readLog(stream.sessionId)).map(brief)).toEqual([
      'stream RUNNING',
      'ToolCallDelta',
      'call RUNNING',
      'clarification PENDING',
      'stream WAITING',
      'call SUCCEEDED',
      'clarification ANSWERED',
      'stream RUNNING',
      'TextDelta',
      'stream COMPLETED',
    ])
  })

  test('takes no answer that says nothing, or too much; it goes on waiting', async () => {
    const it = world([], [ask])
    await it.start('Paint it.')
    const { id } = await waitForOnlyPending(it.chats, 'clarification')
    for (const answer of ['', ' \n\t', 'x'.repeat(100_001)]) {
      const refusal = { code: 'BAD_USER_INPUT', details: { path: ['answer'] } }
      await expect(it.chats.decisions.answerClarification(id, answer)).rejects.toMatchObject(refusal)
    }
    expect(await waitForOnlyPending(it.chats, 'clarification')).toMatchObject({ id, state: 'PENDING' })
    const longest = 'x'.repeat(100_000)
    expect(await it.chats.decisions.answerClarification(id, longest)).toMatchObject({ answer: longest })
  })

  test('is not answered as an approval is, nor the other way round', async () => {
    const it = world([newTool()], [write, ask])
    await it.start('Paint it.')
    const approval = await waitForOnlyPending(it.chats, 'approval')
    const question = await waitForOnlyPending(it.chats, 'clarification')
    const { decisions } = it.chats
    await expect(decisions.answerApproval(question.id, 'ALWAYS')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(decisions.answerClarification(approval.id, 'Yes')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(decisions.answerApproval('apr_01h455vb4pex5vsknk084sn02q', 'ONCE')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await decisionsIn(it)).map(({ state }) => state)).toEqual(['PENDING', 'PENDING'])
  })

  test('that holds none fails at once, and nobody is asked', async () => {
    const it = world([], [newToolCallRequest('clarify', '{"choices":["Red"]}')])
    const stream = await it.start('Paint it.')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'FAILED' }])
    expect(await decisionsIn(it)).toEqual([])
  })
})

describe('two calls at once', () => {
  const [a, b] = [
    newToolCallRequest('files__write', '{"n":1}', 'a'),
    newToolCallRequest('files__write', '{"n":2}', 'b'),
  ]

  test.each([
    [0, 1],
    [1, 0],
  ])('of one tool are two approvals, answered one by one: first %i, then %i', async (first, second) => {
    const tool = newTool()
    const it = world([tool], [a, b])
    const stream = await it.start('Write both.')
    const both = await waitForPending(it.chats, 'approval', 2)
    const idOf = (index: number): string => both[index]?.id ?? ''
    expect(both.map(({ toolCall }) => toolCall.argumentsText)).toEqual(['{"n":1}', '{"n":2}'])
    await it.chats.decisions.answerApproval(idOf(first), 'ONCE')
    await waitUntil(() => tool.runs.length === 1)
    expect(tool.runs).toEqual([{ n: first + 1 }])
    expect(await it.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    expect((await waitForOnlyPending(it.chats, 'approval')).id).toBe(idOf(second))
    await expect(it.chats.decisions.answerApproval(idOf(first), 'DENY')).rejects.toMatchObject(stale)
    await it.chats.decisions.answerApproval(idOf(second), 'DENY')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    const states = (await callsOf(it, stream.id)).map(({ state }) => state)
    expect(states).toEqual(first === 0 ? ['SUCCEEDED', 'DENIED'] : ['DENIED', 'SUCCEEDED'])
    expect(tool.runs).toHaveLength(1)
  })

  test('go their own ways: one runs, and may end, while a person thinks about the other', async () => {
    const looked = newLatch()
    const look = newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' })
    const slow = newTool({ name: 'slow', execute: () => looked.opened.then(() => 'slow') })
    const it = world([look, slow, newTool()], [newToolCallRequest('look'), newToolCallRequest('slow'), write])
    const stream = await it.start('Do all.')
    const [first, second] = await waitForPending(it.chats, 'approval', 2)
    await it.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await waitUntil(() => slow.runs.length === 1)
    expect(await it.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    const states = () =>
      it.chats.messageQueries
        .findStreamingMessage(stream.sessionId)
        ?.parts.map((part) => part.type === 'tool' && part.call.state)
        .join(' ')
    await waitUntil(() => states() === 'SUCCEEDED RUNNING AWAITING_APPROVAL', states)
    await it.chats.decisions.answerApproval(second?.id ?? '', 'ONCE')
    expect(await it.chats.findStream(stream.id)).toMatchObject({ status: 'RUNNING' })
    looked.open()
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect((await callsOf(it, stream.id)).map(({ state }) => state)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'])
  })

  test('under one id are one call: what nobody was asked about is never run', async () => {
    const look = newTool({ name: 'look', isReadOnly: true })
    const tool = newTool()
    const it = world(
      [look, tool],
      [newToolCallRequest('look', '{}', '0'), newToolCallRequest('files__write', '{"all":true}', '0')],
    )
    const stream = await it.start('Look.')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    expect(await callsOf(it, stream.id)).toMatchObject([{ name: 'look', state: 'SUCCEEDED' }])
  })
})

describe('what was allowed', () => {
  /** Starts an answer, and tells whether its call had to ask. One that asks is denied. */
  async function asks(it: ChatFixture, sessionId: string | null, chats = it.chats): Promise<boolean> {
    const { id } = await chats.start(newChatRequest({ text: 'Write it.', sessionId }))
    const before = new Set((await decisionsIn(it)).map((decision) => decision.id))
    for await (const event of await chats.subscriptions.subscribeToStream(id, 0)) {
      if (event.type !== 'ApprovalChanged' || event.decision.state !== 'PENDING') continue
      before.add(event.decision.id)
      await chats.decisions.answerApproval(event.decision.id, 'DENY')
    }
    return (await it.readLog((await chats.findStream(id))?.sessionId ?? '')).some(
      (event) => event.type === 'ApprovalChanged' && event.streamId === id,
    )
  }

  async function allowed(it: ChatFixture, decision: ApprovalDecision): Promise<string> {
    const stream = await it.start('Write it.')
    await it.chats.decisions.answerApproval((await waitForOnlyPending(it.chats, 'approval')).id, decision)
    await finished(it, stream)
    return stream.sessionId
  }

  test('ONCE is once: the next call of that tool asks again', async () => {
    const it = world([newTool()], [write])
    const sessionId = await allowed(it, 'ONCE')
    expect(await asks(it, sessionId)).toBe(true)
  })

  test('DENY is for one call', async () => {
    const it = world([newTool()], [write])
    expect(await asks(it, await allowed(it, 'DENY'))).toBe(true)
  })

  test('for the SESSION need not ask in it, and asks in any other', async () => {
    const tool = newTool()
    const it = world([tool, newTool({ name: 'files__delete' })], [write])
    const sessionId = await allowed(it, 'SESSION')
    expect(await asks(it, sessionId)).toBe(false)
    expect(await asks(it, sessionId)).toBe(false)
    expect(tool.runs).toHaveLength(3)
    expect(await asks(it, null)).toBe(true)
    expect(await it.profile.decisions.isGranted('files__delete', sessionId)).toBe(false)
    expect(await it.profile.decisions.listProfileGrants()).toEqual([])
  })

  test('for the SESSION holds where that goes on, and not in its forks', async () => {
    const it = world([newTool()], [write])
    const sessionId = await allowed(it, 'SESSION')
    const last = (
      await it.profile.segueSessions.listMessages(sessionId, { limit: 1, backwards: true, after: null, before: null })
    )[0]
    const fork = await it.chats.fork(last?.id ?? '')
    const toolbox = newToolbox({ source: newToolSource(newTool()) })
    const writer = { ...failingTextGenerator, generateSummary: async () => ({ text: 'They wrote.', usage: noUsage }) }
    const chats = new ChatService({
      profile: it.profile,
      sessions: new SessionRepository(it.profile),
      models: {
        assertKnown: () => undefined,
        resolve: async () => newResolvedModel({ answer: answerWithCalls(toolbox, write) }, { textGenerator: writer }),
      },
      log: it.log,
    })
    const next = await chats.compact(sessionId, null)
    expect(next.parentId).toBe(sessionId)
    expect(await asks(it, next.id, chats)).toBe(false)
    const afterThat = await chats.compact(next.id, null)
    expect(await asks(it, afterThat.id, chats)).toBe(false)
    expect(await asks(it, fork.id, chats)).toBe(true)
    await chats.close()
  })

  test('ALWAYS need not ask in any session, after a restart, and when the session is gone in which it was said', async () => {
    const it = world([newTool()], [write])
    const sessionId = await allowed(it, 'ALWAYS')
    expect(await asks(it, null)).toBe(false)
    const toolbox = newToolbox({ source: newToolSource(newTool()) })
    const restarted = await crashed(it.home, answerWithCalls(toolbox, write))
    expect(await asks(restarted, null)).toBe(false)
    const database = new Database(join(restarted.home, 'segue.db'))
    database.pragma('foreign_keys = ON')
    database.prepare('DELETE FROM sessions WHERE id = ?').run(sessionId)
    database.close()
    expect(await restarted.chats.decisions.list('approval', {})).toEqual([])
    expect(await asks(restarted, null)).toBe(false)
    expect(await restarted.profile.decisions.listProfileGrants()).toEqual(['files__write'])
  })

  test.each(['SESSION', 'ALWAYS'] as const)('%s is forgotten when somebody says so', async (decision) => {
    const it = world([newTool()], [write])
    const sessionId = await allowed(it, decision)
    expect(await asks(it, sessionId)).toBe(false)
    await it.profile.decisions.revokeGrants('files__delete')
    expect(await asks(it, sessionId)).toBe(false)
    await it.profile.decisions.revokeGrants('files__write')
    expect(await asks(it, sessionId)).toBe(true)
    expect(await it.profile.decisions.listProfileGrants()).toEqual([])
  })

  test('in any way counts less than a rule that denies', async () => {
    const it = world([newTool()], [write])
    const sessionId = await allowed(it, 'ALWAYS')
    const policy = new ApprovalPolicy({ files__write: 'deny' })
    const tool = newTool()
    const strict = await crashed(it.home, answerWithCalls(newToolbox({ source: newToolSource(tool), policy }), write))
    expect(await asks(strict, sessionId)).toBe(false)
    expect(tool.runs).toEqual([])
  })
})

describe('when nobody answers in time', () => {
  test('that is a no: the tool is not run, and the answer goes on', async () => {
    const tool = newTool()
    const it = world([tool], [write], { decisionTimeoutMs: 20 })
    const stream = await it.start('Write it.')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    const [approval] = await decisionsIn(it)
    expect(approval).toMatchObject({ state: 'EXPIRED', decision: null })
    expect(approval?.resolvedAt).toBeGreaterThanOrEqual(approval?.expiresAt ?? Number.POSITIVE_INFINITY)
    expect(await callsOf(it, stream.id)).toMatchObject([
      { state: 'DENIED', error: 'Nobody allowed this call in time. It was not run.' },
    ])
    await expect(it.chats.decisions.answerApproval(approval?.id ?? '', 'ONCE')).rejects.toMatchObject(stale)
  })

  test('a question has failed', async () => {
    const it = world([], [newToolCallRequest('clarify', '{"question":"Which one?"}')], { decisionTimeoutMs: 20 })
    const stream = await it.start('Paint it.')
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await decisionsIn(it)).toMatchObject([{ state: 'EXPIRED', answer: null }])
    expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'FAILED', error: 'Nobody answered in time.' }])
    const [question] = await decisionsIn(it)
    await expect(it.chats.decisions.answerClarification(question?.id ?? '', 'Red')).rejects.toMatchObject(stale)
  })

  test('what was answered before is not touched by its deadline, nor is the other one that waits', async () => {
    const over = newLatch()
    const slow = newTool({ name: 'slow', execute: () => over.opened.then(() => 'slow') })
    const it = world([slow, newTool()], [newToolCallRequest('slow'), write], { decisionTimeoutMs: 600 })
    const stream = await it.start('Do both.')
    const [first] = await waitForPending(it.chats, 'approval', 2)
    await it.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    for await (const decision of it.chats.decisions.subscribe('approval')) if (decision.state === 'EXPIRED') break
    over.open()
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect((await callsOf(it, stream.id)).map(({ state }) => state)).toEqual(['SUCCEEDED', 'DENIED'])
    expect((await decisionsIn(it)).map(({ state }) => state).toSorted()).toEqual(['ANSWERED', 'EXPIRED'])
  })
})

describe('a stream that is stopped', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?"}')

  test('while it waits takes what waits along: nothing is run, and answers are too late', async () => {
    const tool = newTool()
    const it = world([tool], [write, ask])
    const stream = await it.start('Do it.')
    const approval = await waitForOnlyPending(it.chats, 'approval')
    const question = await waitForOnlyPending(it.chats, 'clarification')
    const cancelled = await it.chats.cancel(stream.id)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', stream: { status: 'CANCELLED' } })
    expect(cancelled.answer).toEqual(await it.findAnswer(stream.id))
    expect((await callsOf(it, stream.id)).map(({ state, error }) => [state, error])).toEqual([
      ['CANCELLED', null],
      ['CANCELLED', null],
    ])
    expect((await decisionsIn(it)).map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    const log = (await it.readLog(stream.sessionId)).slice(-5).map(brief)
    expect(log.slice(0, 2)).toEqual(['call CANCELLED', 'call CANCELLED'])
    expect(log.slice(2, 4).toSorted()).toEqual(['approval CANCELLED', 'clarification CANCELLED'])
    expect(log.at(-1)).toBe('stream CANCELLED')
    await expect(it.chats.decisions.answerApproval(approval.id, 'ONCE')).rejects.toMatchObject(stale)
    await expect(it.chats.decisions.answerClarification(question.id, 'Red')).rejects.toMatchObject(stale)
    expect((await it.chats.cancel(stream.id)).outcome).toBe('ALREADY_CANCELLED')
    expect(tool.runs).toEqual([])
    expect(it.loggedErrors).toEqual([])
  })

  test('while a tool runs does not wait for it, obedient or not; what it does later is refused', async () => {
    for (const obeys of [true, false]) {
      const late = newLatch()
      const signals: AbortSignal[] = []
      const tool = newTool({
        execute: async (_input, signal) => {
          signals.push(signal)
          await (obeys ? waitForAbort(signal) : late.opened)
          return 'too late'
        },
      })
      const it = world([tool], [write])
      const stream = await it.start('Write it.')
      const { id } = await waitForOnlyPending(it.chats, 'approval')
      await it.chats.decisions.answerApproval(id, 'ONCE')
      await waitUntil(() => tool.runs.length === 1)
      expect((await it.chats.cancel(stream.id)).outcome).toBe('CANCELLED')
      expect(signals).toMatchObject([{ aborted: true }])
      const log = await it.readLog(stream.sessionId)
      late.open()
      await yieldToEventLoop()
      expect(await it.readLog(stream.sessionId)).toEqual(log)
      expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'CANCELLED', result: null }])
      expect(await it.chats.decisions.find(id)).toMatchObject({ state: 'ANSWERED', decision: 'ONCE' })
      expect(it.loggedErrors).toEqual([])
    }
  })

  test('before its turn leaves alone what waits in the turn before it', async () => {
    const tool = newTool()
    const it = world([tool], [write])
    const stream = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    const queued = await it.start('And then?', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    expect((await it.chats.cancel(queued.id)).outcome).toBe('CANCELLED')
    expect(await it.chats.decisions.answerApproval(id, 'ONCE')).toMatchObject({ state: 'ANSWERED' })
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('by another message is stopped together with what waits, in the transaction that begins the new one', async () => {
    const it = world([newTool()], [write, ask])
    const stream = await it.start('Do it.')
    await waitForOnlyPending(it.chats, 'approval')
    await waitForOnlyPending(it.chats, 'clarification')
    const writes: AppendRequest[] = []
    it.hooks.beforeAppend = (each) => void writes.push(each)
    const next = await it.start('Never mind.', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })
    const interruption = writes.find(({ events }) => events.some(({ streamId }) => streamId === next.id))
    const log = interruption?.events.map(brief) ?? []
    expect(log.slice(0, 4).toSorted()).toEqual([
      'approval CANCELLED',
      'call CANCELLED',
      'call CANCELLED',
      'clarification CANCELLED',
    ])
    expect(log.slice(4)).toEqual(['stream CANCELLED', 'stream RUNNING'])
    expect(interruption?.decisions?.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    expect((await waitForPending(it.chats, 'approval')).map(({ streamId }) => streamId)).toEqual([next.id])
  })

  test('because the server stops says so', async () => {
    const it = world([newTool()], [write, ask])
    const stream = await it.start('Do it.')
    await waitForOnlyPending(it.chats, 'approval')
    await waitForOnlyPending(it.chats, 'clarification')
    await it.chats.close()
    expect(await it.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'INTERRUPTED' })
    expect((await decisionsIn(it)).map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    expect((await callsOf(it, stream.id)).map(({ state, error }) => [state, error])).toEqual([
      ['CANCELLED', 'The server stopped before anybody had allowed this call. It was not run.'],
      ['CANCELLED', 'The server stopped before anybody had answered.'],
    ])
  })

  test('because its agent failed, or thought that it was done, takes what waits along', async () => {
    for (const [status, fails] of [
      ['FAILED', true],
      ['COMPLETED', false],
    ] as const) {
      const it = worldOf(async function* () {
        const approval = { type: 'approval', description: 'Do it', timeoutMs: 60_000 } as const
        yield { type: 'tool-call', ...write, gate: approval }
        if (fails) throw new Error('it broke')
      })
      const stream = await it.start('Write it.')
      expect(await finished(it, stream)).toMatchObject({ status })
      expect(await decisionsIn(it)).toMatchObject([{ state: 'CANCELLED' }])
      const [call] = await callsOf(it, stream.id)
      expect(call?.state).toBe('CANCELLED')
      expect(call?.error).toMatch(/It was not run\.$/)
    }
  })
})

describe('a crash', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?"}')

  test('leaves nothing that waits: the decisions are cancelled, and the calls say why', async () => {
    const never = new Promise<never>(() => {})
    const slow = newTool({ name: 'slow', execute: () => never })
    const look = newTool({ name: 'look', isReadOnly: true, execute: () => never })
    const it = world([slow, look, newTool()], [newToolCallRequest('slow'), write, ask, newToolCallRequest('look')])
    const stream = await it.start('Do it all.')
    const [first, second] = await waitForPending(it.chats, 'approval', 2)
    await waitForOnlyPending(it.chats, 'clarification')
    await it.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await waitUntil(() => slow.runs.length === 1 && look.runs.length === 1)

    const tool = newTool({ isReadOnly: true })
    const after = await crashed(it.home, answerWithCalls(newToolbox({ source: newToolSource(tool) }), write))
    expect(await after.chats.findStream(stream.id)).toMatchObject({
      status: 'INTERRUPTED',
      error: { code: 'SERVER_RESTART' },
    })
    expect((await callsOf(after, stream.id)).map(({ name, state, error }) => [name, state, error])).toEqual([
      ['slow', 'OUTCOME_UNKNOWN', null],
      ['files__write', 'CANCELLED', 'The server stopped before anybody had allowed this call. It was not run.'],
      ['clarify', 'CANCELLED', 'The server stopped before anybody had answered.'],
      ['look', 'OUTCOME_UNKNOWN', null],
    ])
    expect((await decisionsIn(after)).map(({ kind, state }) => [kind, state])).toEqual([
      ['approval', 'ANSWERED'],
      ['approval', 'CANCELLED'],
      ['clarification', 'CANCELLED'],
    ])
    expect(await after.chats.decisions.list('approval', { isPending: true })).toEqual([])
    await expect(after.chats.decisions.answerApproval(second?.id ?? '', 'ONCE')).rejects.toMatchObject(stale)

    const next = await after.start('Go on.', { sessionId: stream.sessionId })
    expect(await finished(after, next)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('at any commit of an answer leaves a session that is whole, usable and true', async () => {
    const ran: string[] = []
    const tool = (name: string, readOnly: boolean) =>
      newTool({
        name,
        isReadOnly: readOnly,
        execute: async () => {
          ran.push(name)
          return name
        },
      })
    const tools = [tool('look', true), tool('files__write', false), tool('files__delete', false)]
    const calls = [newToolCallRequest('look'), write, newToolCallRequest('files__delete'), ask]
    const it = world(tools, calls)
    const moments: { readonly home: string; readonly ran: readonly string[] }[] = []
    const remember = () => {
      const home = newTempFolder()
      folders.push(home)
      cpSync(it.home, home, { recursive: true })
      moments.push({ home, ran: [...ran] })
    }
    it.hooks.beforeAppend = remember
    const stream = await it.start('Do it all.')
    const [first, second] = await waitForPending(it.chats, 'approval', 2)
    await it.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await it.chats.decisions.answerClarification((await waitForOnlyPending(it.chats, 'clarification')).id, 'Red')
    await it.chats.decisions.answerApproval(second?.id ?? '', 'DENY')
    await finished(it, stream)
    remember()
    // The first one is before there was anything.
    expect(moments.length).toBeGreaterThan(6)

    for (const moment of moments.slice(1)) {
      const after = await crashed(moment.home)
      const ended = await after.chats.findStream(stream.id)
      expect(ended?.finishedAt).not.toBeNull()
      expect((await decisionsIn(after)).filter(({ state }) => state === 'PENDING')).toEqual([])
      const made = await callsOf(after, stream.id)
      expect(made.filter((call) => !isFinal(call))).toEqual([])
      for (const name of moment.ran) {
        const call = made.find((each) => each.name === name)
        // What has run was saved before that: it is not told as if it had not.
        expect(['SUCCEEDED', 'OUTCOME_UNKNOWN'], `${name} is ${call?.state}`).toContain(call?.state)
      }
      for (const call of made) {
        if (call.state === 'CANCELLED') expect(call.error, call.name).toMatch(/^The server stopped before/)
      }
      const session = await new SessionRepository(after.profile).find(stream.sessionId)
      const context = session ? await after.chats.loadModelMessages(session) : []
      expect(findOpenAiProblems(context)).toEqual([])
      expect(await after.profile.eventStore.listUnfinishedStreams()).toEqual([])
      await open.pop()?.[Symbol.asyncDispose]()
    }
  })
})

describe('of several answers to one question', () => {
  test('exactly one counts, and each caller is told which', async () => {
    const tool = newTool()
    const it = world([tool], [write])
    const stream = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    const given: ApprovalDecision[] = ['ONCE', 'DENY', 'SESSION', 'ALWAYS', 'DENY', 'ONCE']
    const told = await Promise.allSettled(given.map((decision) => it.chats.decisions.answerApproval(id, decision)))
    const won = told.flatMap((each, index) => (each.status === 'fulfilled' ? [{ index, decision: each.value }] : []))
    expect(won).toHaveLength(1)
    expect(won[0]?.decision.decision).toBe(given[won[0]?.index ?? -1])
    for (const each of told) if (each.status === 'rejected') expect(each.reason).toMatchObject(stale)
    expect(await it.chats.decisions.find(id)).toEqual(won[0]?.decision)
    await finished(it, stream)
    expect(tool.runs).toHaveLength(won[0]?.decision.decision === 'DENY' ? 0 : 1)
    const log = (await it.readLog(stream.sessionId)).map(brief)
    expect(log.filter((each) => each === 'approval ANSWERED')).toHaveLength(1)
  })

  const outcomeOf = (answer: Promise<DecisionRecord>): Promise<unknown> =>
    answer.then(
      ({ state }) => state,
      ({ code }: { code: unknown }) => code,
    )

  test('a stop may be in time or not: what is saved is what everybody was told', async () => {
    const tool = newTool({ execute: async (_input, signal) => waitForAbort(signal).then(() => 'late') })
    const it = world([tool], [write])
    const outcomes = new Set<unknown>()
    for (let ticks = 0; ticks < 40; ticks += 1) {
      const before = tool.runs.length
      const stream = await it.start('Write it.')
      const { id } = await waitForOnlyPending(it.chats, 'approval')
      const answer = outcomeOf(it.chats.decisions.answerApproval(id, 'ONCE'))
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      const cancelled = await it.chats.cancel(stream.id)
      expect(cancelled.outcome).toBe('CANCELLED')
      const told = await answer
      const kept = await it.chats.decisions.find(id)
      expect([told, kept?.state]).toEqual(told === 'STALE' ? ['STALE', 'CANCELLED'] : ['ANSWERED', 'ANSWERED'])
      expect(await callsOf(it, stream.id)).toMatchObject([{ state: 'CANCELLED' }])
      expect(cancelled.answer).toEqual(await it.findAnswer(stream.id))
      if (told === 'STALE') expect(tool.runs).toHaveLength(before)
      outcomes.add(told)
    }
    expect([...outcomes].toSorted()).toEqual(['ANSWERED', 'STALE'])
    expect(it.loggedErrors).toEqual([])
  })

  test('the deadline may be in time or not, as well', async () => {
    const tool = newTool()
    const it = world([tool], [write], { decisionTimeoutMs: 8 })
    for (let round = 0; round < 12; round += 1) {
      const before = tool.runs.length
      const stream = await it.start('Write it.')
      const { id, expiresAt } = await askedIn(it, stream)
      const { promise: moment, resolve } = Promise.withResolvers<void>()
      setTimeout(resolve, Math.max(0, (expiresAt ?? 0) - Date.now() + (round % 3) - 1))
      await moment
      const told = await outcomeOf(it.chats.decisions.answerApproval(id, 'ONCE'))
      await finished(it, stream)
      const kept = await it.chats.decisions.find(id)
      expect([told, kept?.state]).toEqual(told === 'STALE' ? ['STALE', 'EXPIRED'] : ['ANSWERED', 'ANSWERED'])
      expect(tool.runs.length - before).toBe(told === 'STALE' ? 0 : 1)
    }
  })
})

describe('nothing is acted on before it is saved', () => {
  /** The states in which the calls of a write are. */
  const statesIn = ({ events }: AppendRequest): string[] =>
    events.flatMap((event) => (event.type === 'ToolCallChanged' ? [event.toolCall.state] : []))

  test('a tool that need not ask runs once its call is committed', async () => {
    const tool = newTool({ isReadOnly: true })
    const it = world([tool], [write])
    const held = newLatch()
    const reached = newLatch()
    it.hooks.beforeAppend = async (each) => {
      if (!statesIn(each).includes('RUNNING')) return
      reached.open()
      await held.opened
    }
    const stream = await it.start('Look.')
    await reached.opened
    await yieldToEventLoop()
    expect(tool.runs).toEqual([])
    held.open()
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('a tool that was allowed runs once that is committed, however quick the answer was', async () => {
    const tool = newTool()
    const it = world([tool], [write])
    for (let ticks = 0; ticks < 24; ticks += 1) {
      const before = tool.runs.length
      const early: number[] = []
      const asked = Promise.withResolvers<string>()
      it.hooks.beforeAppend = async ({ decisions: [decision] = [] }) => {
        if (decision?.state === 'PENDING') asked.resolve(decision.id)
        if (decision?.state !== 'ANSWERED') return
        await yieldToEventLoop()
        early.push(tool.runs.length - before)
      }
      // From the moment on at which it is being committed, before any reader can have been told.
      const answered = asked.promise.then(async (id) => {
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
        while (!(await it.chats.decisions.find(id))) await Promise.resolve()
        return it.chats.decisions.answerApproval(id, 'ONCE')
      })
      const stream = await it.start('Write it.')
      await answered
      await finished(it, stream)
      expect(early, `after ${ticks} ticks`).toEqual([0])
      expect(tool.runs.length - before).toBe(1)
    }
  })

  test('an answer that cannot be saved is not acted on, nor is it lost: the stream ends, and tells of both', async () => {
    const tool = newTool()
    const it = world([tool], [write])
    const stream = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    let failures = 2
    it.hooks.beforeAppend = () => {
      if (failures-- > 0) throw new Error('the disk is full')
    }
    const answer = it.chats.decisions.answerApproval(id, 'ONCE')
    const ended = await finished(it, stream)
    expect(ended).toMatchObject({ status: 'FAILED', error: { message: 'The answer could not be saved.' } })
    expect(await answer).toMatchObject({ state: 'ANSWERED', decision: 'ONCE' })
    expect(await it.chats.decisions.find(id)).toEqual(await answer)
    expect(tool.runs).toEqual([])
    const [call] = await callsOf(it, stream.id)
    expect(call && isFinal(call)).toBe(true)
    expect(call?.state).not.toBe('SUCCEEDED')
    expect(it.loggedErrors).toHaveLength(2)
  })

  test('while it cannot be saved nobody is told that it was, and the grant is not there', async () => {
    const it = world([newTool()], [write])
    const stream = await it.start('Write it.')
    const { id } = await waitForOnlyPending(it.chats, 'approval')
    const held = newLatch()
    const reached = newLatch()
    it.hooks.beforeAppend = async () => {
      reached.open()
      await held.opened
    }
    let told = false
    const answer = it.chats.decisions.answerApproval(id, 'ALWAYS').then(() => (told = true))
    await reached.opened
    await yieldToEventLoop()
    expect(told).toBe(false)
    expect(await it.chats.decisions.find(id)).toMatchObject({ state: 'PENDING' })
    expect(await it.profile.decisions.listProfileGrants()).toEqual([])
    // Another one comes too late already: the first one counts as soon as it is saved.
    await expect(it.chats.decisions.answerApproval(id, 'DENY')).rejects.toMatchObject(stale)
    held.open()
    await answer
    expect(await it.profile.decisions.listProfileGrants()).toEqual(['files__write'])
    expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
  })

  test('a question that cannot be saved is not asked', async () => {
    const it = world([newTool()], [write])
    it.hooks.beforeAppend = (each) => {
      if (each.decisions?.some(({ state }) => state === 'PENDING')) throw new Error('the disk is full')
    }
    let shown = 0
    const followed = it.chats.decisions.subscribe('approval')
    const watching = (async () => {
      for await (const _ of followed) shown += 1
    })()
    const stream = await it.start('Write it.')
    await waitUntil(() => it.loggedErrors.length > 1)
    expect(await it.chats.decisions.list('approval', {})).toEqual([])
    expect(shown).toBe(0)
    delete it.hooks.beforeAppend
    expect(await finished(it, stream)).toMatchObject({ status: 'FAILED' })
    await followed.return?.()
    await watching
  })
})

describe('whoever follows decisions', () => {
  test('begins with all that wait, in their order, and is told of each change', async () => {
    const calls = Array.from({ length: 130 }, (_, index) =>
      newToolCallRequest('files__write', `{"n":${index}}`, `call ${index}`),
    )
    const it = world([newTool()], calls)
    const stream = await it.start('Write all.')
    await waitForPending(it.chats, 'approval', calls.length)
    const follower = it.chats.decisions.subscribe('approval')
    const waiting: DecisionRecord[] = []
    while (waiting.length < calls.length) {
      const { value, done } = await follower.next()
      if (done) break
      waiting.push(value)
    }
    expect(waiting.map(({ toolCall }) => toolCall.argumentsText)).toEqual(calls.map((call) => call.argumentsText))
    const next = follower.next()
    await it.chats.decisions.answerApproval(waiting[7]?.id ?? '', 'DENY')
    expect((await next).value).toMatchObject({ id: waiting[7]?.id, state: 'ANSWERED', decision: 'DENY' })
    await it.chats.cancel(stream.id)
    const rest = new Set<string>()
    while (rest.size < calls.length - 1) {
      const { value, done } = await follower.next()
      if (done) break
      expect(value.state).toBe('CANCELLED')
      rest.add(value.id)
    }
    expect(rest.has(waiting[7]?.id ?? '')).toBe(false)
    await follower.return?.()
  })

  test('is told of each as it is by then: one that reads slowly holds nothing up, and holds nothing', async () => {
    const it = world([newTool()], [write])
    const slow = it.chats.decisions.subscribe('approval')
    const first = slow.next()
    const ids: string[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      const stream = await it.start('Write it.')
      const { id } = await waitForOnlyPending(it.chats, 'approval')
      ids.push(id)
      await it.chats.decisions.answerApproval(id, 'DENY')
      await finished(it, stream)
    }
    expect((await first).value).toMatchObject({ id: ids[0] })
    const rest: DecisionRecord[] = []
    while (new Set(rest.map(({ id }) => id)).size < 5) {
      const { value, done } = await slow.next()
      if (done) break
      rest.push(value)
    }
    expect(rest.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, 'ANSWERED']))
    await slow.return?.()
  })

  test('is told of what it asked for: approvals, or questions', async () => {
    const it = world([newTool()], [write, newToolCallRequest('clarify', '{"question":"Which one?"}')])
    const stream = await it.start('Do it.')
    const approvals = it.chats.decisions.subscribe('approval')
    const questions = it.chats.decisions.subscribe('clarification')
    expect((await approvals.next()).value).toMatchObject({ kind: 'approval', state: 'PENDING' })
    expect((await questions.next()).value).toMatchObject({ kind: 'clarification', state: 'PENDING' })
    await it.chats.cancel(stream.id)
    expect((await approvals.next()).value).toMatchObject({ kind: 'approval', state: 'CANCELLED' })
    expect((await questions.next()).value).toMatchObject({ kind: 'clarification', state: 'CANCELLED' })
    await Promise.all([approvals.return?.(), questions.return?.()])
  })

  test('may leave while it waits', async () => {
    const it = world([], [])
    const follower = it.chats.decisions.subscribe('approval')
    const next = follower.next()
    await follower.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('leaves nothing behind each time that it is woken', async () => {
    const bell = new Notifier()
    const { signal } = new AbortController()
    for (let ring = 0; ring < 20; ring += 1) {
      const woken = bell.wait(ring, signal)
      expect(getEventListeners(signal, 'abort')).toHaveLength(1)
      bell.notify()
      await woken
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a list has what waits, what does not, or both, of one session or of all', async () => {
  const it = world([newTool()], [write, newToolCallRequest('clarify', '{"question":"Which one?"}')])
  const done = await it.start('One.')
  await it.chats.decisions.answerApproval((await waitForOnlyPending(it.chats, 'approval')).id, 'DENY')
  await it.chats.decisions.answerClarification((await waitForOnlyPending(it.chats, 'clarification')).id, 'Red')
  await finished(it, done)
  const { sessionId, id } = await it.start('Two.')
  await waitForOnlyPending(it.chats, 'approval')
  const listed = async (which: { isPending?: boolean }) =>
    (await it.chats.decisions.list('approval', which)).map(({ streamId }) => streamId)
  expect(await listed({ isPending: true })).toEqual([id])
  expect(await listed({ isPending: false })).toEqual([done.id])
  expect(await listed({})).toEqual([done.id, id])
  const waiting = await it.chats.decisions.findPendingBySession('approval', [done.sessionId, sessionId])
  expect(waiting.map((some) => some.map(({ streamId }) => streamId))).toEqual([[], [id]])
  expect(await it.chats.decisions.list('clarification', {})).toHaveLength(2)
})

test('a tool that fails in an odd way, or not in time, is told of as failed, and the answer goes on', async () => {
  const log = new RecordingLogger()
  const tools = [
    newTool({ name: 'sorry', isReadOnly: true, execute: async () => Promise.reject(new ToolError('No such file.')) }),
    newTool({ name: 'odd', isReadOnly: true, execute: async () => Promise.reject(Object.create(null)) }),
    newTool({ name: 'deaf', isReadOnly: true, execute: () => new Promise(() => {}) }),
  ]
  const rules = { toolTimeoutMs: 20, log }
  const it = world(tools, [newToolCallRequest('sorry'), newToolCallRequest('odd'), newToolCallRequest('deaf')], rules)
  const stream = await it.start('Do it.')
  expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
  expect((await callsOf(it, stream.id)).map(({ state, error }) => [state, error])).toEqual([
    ['FAILED', 'No such file.'],
    ['FAILED', 'The tool failed with an internal error.'],
    ['FAILED', 'The tool did not finish within 0.02 seconds. It may or may not have taken effect.'],
  ])
  expect(log.errors).toHaveLength(1)
})

test('a result of 33 MB is kept whole beside the log, while other answers go on', async () => {
  const length = 33_000_000
  const text = '0123456789'.repeat(length / 10)
  const other = newLatch()
  const huge = newTool({ name: 'huge', isReadOnly: true, execute: async () => text })
  let keep: ToolboxOptions['storeFile'] = async () => Promise.reject(new Error('it is not there yet'))
  const toolbox = newToolbox({
    source: newToolSource(huge),
    storeFile: async (bytes) => {
      const hash = await keep(bytes)
      other.open()
      return hash
    },
  })
  const it = worldOf(answerWithCalls(toolbox, newToolCallRequest('huge')), async function* (run: AgentRun) {
    for (let count = 0; !run.signal.aborted; count += 1) {
      yield { type: 'text', block: '1', text: `${count} ` }
      await yieldToEventLoop()
    }
  })
  keep = (bytes) => it.profile.blobs.put(bytes)
  const stream = await it.start('Get all of it.')
  const talking = await it.start('Talk.')
  await other.opened
  expect(await finished(it, stream)).toMatchObject({ status: 'COMPLETED' })
  expect((await it.chats.cancel(talking.id)).answer?.parts).toMatchObject([{ text: /^0 1 2 / }])
  const [call] = await callsOf(it, stream.id)
  const hash = createHash('sha256').update(text).digest('hex')
  expect(call).toMatchObject({ state: 'SUCCEEDED', resultFile: hash })
  expect(String(call?.result).length).toBeLessThan(50_200)
  expect((await it.profile.blobs.get(hash))?.toString() === text).toBe(true)
  expect(JSON.stringify(await it.readLog(stream.sessionId)).length).toBeLessThan(200_000)
  expect(await it.profile.eventStore.findUnreferencedBlobs([hash])).toEqual([])
})
