import { describe, expect, test } from 'vitest'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import {
  listStoredCalls,
  listStoredDecisions,
  staleError,
  summarizeEvent,
  useDecisionChats,
  waitForEnd,
  writeCall,
} from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending, waitForPending } from '../../../support/fixtures/pending-decisions.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolCallRequest, newToolSource } from '../../../support/fixtures/tools.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const { newChats, newScriptedChats } = useDecisionChats()

describe('a call that needs approval', () => {
  test('waits with its stream until it is approved, then runs, and the answer continues', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall], { decisionTimeoutMs: 300_000 })
    const stream = await chat.start('Write it.')
    const approval = await waitForOnlyPending(chat.chats, 'approval')
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
    expect(await chat.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING', finishedAt: null })
    expect(await chat.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    expect(tool.runs).toEqual([])

    const approved = await chat.chats.decisions.answerApproval(approval.id, 'ONCE')
    expect(approved).toMatchObject({ id: approval.id, state: 'ANSWERED', decision: 'ONCE' })
    expect(approved.resolvedAt).toBeGreaterThanOrEqual(approval.requestedAt)
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([{ text: 'Hi' }])
    expect((await chat.readLog(stream.sessionId)).map(summarizeEvent)).toEqual([
      'stream RUNNING',
      'ToolCallDelta',
      'call AWAITING_APPROVAL',
      'approval PENDING',
      'stream WAITING',
      'call RUNNING',
      'approval ANSWERED',
      'stream RUNNING',
      'call SUCCEEDED',
      'PartFinished',
      'TextDelta',
      'PartFinished',
      'stream COMPLETED',
    ])
    expect(await chat.chats.decisions.find(approval.id)).toEqual(approved)
    expect(chat.loggedErrors).toEqual([])
  })

  test('does not run when it is denied, and the model receives the reason', async () => {
    const tool = newTool()
    const contexts: unknown[] = []
    const toolbox = newToolbox({ source: newToolSource(tool) })
    const chat = newScriptedChats(async function* (run) {
      yield* answerWithCalls(toolbox, writeCall)(run)
      contexts.push((await run.loadHistory()).at(1), (await run.loadHistory()).at(2))
    })
    const stream = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    expect(await chat.chats.decisions.answerApproval(id, 'DENY')).toMatchObject({ state: 'ANSWERED', decision: 'DENY' })
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    const error = 'The user did not allow this call. It was not run.'
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'DENIED', error, result: null, startedAt: null },
    ])
    expect(contexts[1]).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', output: { type: 'error-text', value: error } }],
    })
  })

  test('is denied without a decision if a rule denies the tool, and its stream never waits', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall], { policy: new ApprovalPolicy({ '*': 'allow', 'files__*': 'deny' }) })
    const stream = await chat.start('Write it.')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'DENIED', error: 'The configuration denies this tool. It was not run.' },
    ])
    expect(tool.runs).toEqual([])
    expect(await listStoredDecisions(chat)).toEqual([])
    expect((await chat.readLog(stream.sessionId)).map(summarizeEvent)).not.toContain('stream WAITING')
  })

  test('has one approval, with the same id in all events of the session', async () => {
    const chat = newChats([newTool()], [writeCall])
    const { sessionId } = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    await chat.chats.decisions.answerApproval(id, 'DENY')
    const changes = (await chat.readLog(sessionId)).flatMap((event) =>
      event.type === 'ApprovalChanged' ? [event.decision] : [],
    )
    expect(changes.map((decision) => decision.id)).toEqual([id, id])
  })
})

describe('a clarification', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?","choices":["Red","Blue"]}')

  test('waits for an answer, which may be none of its choices and becomes the result of its call', async () => {
    const chat = newChats([], [ask])
    const stream = await chat.start('Paint it.')
    const question = await waitForOnlyPending(chat.chats, 'clarification')
    expect(question).toMatchObject({
      question: 'Which one?',
      choices: ['Red', 'Blue'],
      answer: null,
      toolCall: { name: 'clarify', state: 'RUNNING' },
    })
    expect(await chat.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    const approved = await chat.chats.decisions.answerClarification(question.id, { answer: ' Green \ud83d' })
    expect(approved).toMatchObject({ state: 'ANSWERED', answer: ' Green \ufffd' })
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'SUCCEEDED', result: ' Green \ufffd', error: null },
    ])
    expect((await chat.readLog(stream.sessionId)).map(summarizeEvent)).toEqual([
      'stream RUNNING',
      'ToolCallDelta',
      'call RUNNING',
      'clarification PENDING',
      'stream WAITING',
      'call SUCCEEDED',
      'PartFinished',
      'clarification ANSWERED',
      'stream RUNNING',
      'TextDelta',
      'PartFinished',
      'stream COMPLETED',
    ])
  })

  test('stays pending when an answer is blank or too long', async () => {
    const chat = newChats([], [ask])
    await chat.start('Paint it.')
    const { id } = await waitForOnlyPending(chat.chats, 'clarification')
    for (const answer of ['', ' \n\t', 'x'.repeat(100_001)]) {
      const error = { code: 'BAD_USER_INPUT', details: { path: ['answer'] } }
      await expect(chat.chats.decisions.answerClarification(id, { answer })).rejects.toMatchObject(error)
    }
    expect(await waitForOnlyPending(chat.chats, 'clarification')).toMatchObject({ id, state: 'PENDING' })
    const longest = 'x'.repeat(100_000)
    expect(await chat.chats.decisions.answerClarification(id, { answer: longest })).toMatchObject({ answer: longest })
  })

  test('cannot be resolved as an approval, and an approval not as a clarification', async () => {
    const chat = newChats([newTool()], [writeCall, ask])
    await chat.start('Paint it.')
    const approval = await waitForOnlyPending(chat.chats, 'approval')
    const question = await waitForOnlyPending(chat.chats, 'clarification')
    const { decisions } = chat.chats
    await expect(decisions.answerApproval(question.id, 'ALWAYS')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(decisions.answerClarification(approval.id, { answer: 'Yes' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(decisions.answerApproval('apr_01h455vb4pex5vsknk084sn02q', 'ONCE')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await listStoredDecisions(chat)).map(({ state }) => state)).toEqual(['PENDING', 'PENDING'])
  })

  test('without a question fails at once, and requests no decision', async () => {
    const chat = newChats([], [newToolCallRequest('clarify', '{"choices":["Red"]}')])
    const stream = await chat.start('Paint it.')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'FAILED' }])
    expect(await listStoredDecisions(chat)).toEqual([])
  })
})

describe('two concurrent calls', () => {
  const [a, b] = [
    newToolCallRequest('files__write', '{"n":1}', 'a'),
    newToolCallRequest('files__write', '{"n":2}', 'b'),
  ]

  test.each([
    [0, 1],
    [1, 0],
  ])('of one tool have an approval each, resolved in any order: first %i, then %i', async (first, second) => {
    const tool = newTool()
    const chat = newChats([tool], [a, b])
    const stream = await chat.start('Write both.')
    const both = await waitForPending(chat.chats, 'approval', 2)
    const idOf = (index: number): string => both[index]?.id ?? ''
    expect(both.map(({ toolCall }) => toolCall.argumentsText)).toEqual(['{"n":1}', '{"n":2}'])
    await chat.chats.decisions.answerApproval(idOf(first), 'ONCE')
    await waitUntil(() => tool.runs.length === 1)
    expect(tool.runs).toEqual([{ n: first + 1 }])
    expect(await chat.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    expect((await waitForOnlyPending(chat.chats, 'approval')).id).toBe(idOf(second))
    await expect(chat.chats.decisions.answerApproval(idOf(first), 'DENY')).rejects.toMatchObject(staleError)
    await chat.chats.decisions.answerApproval(idOf(second), 'DENY')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    const states = (await listStoredCalls(chat, stream.id)).map(({ state }) => state)
    expect(states).toEqual(first === 0 ? ['SUCCEEDED', 'DENIED'] : ['DENIED', 'SUCCEEDED'])
    expect(tool.runs).toHaveLength(1)
  })

  test('are independent: one runs and ends while the other waits for approval', async () => {
    const release = newLatch()
    const look = newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' })
    const slow = newTool({ name: 'slow', execute: () => release.opened.then(() => 'slow') })
    const chat = newChats([look, slow, newTool()], [newToolCallRequest('look'), newToolCallRequest('slow'), writeCall])
    const stream = await chat.start('Do all.')
    const [first, second] = await waitForPending(chat.chats, 'approval', 2)
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await waitUntil(() => slow.runs.length === 1)
    expect(await chat.chats.findStream(stream.id)).toMatchObject({ status: 'WAITING' })
    const states = () =>
      chat.chats.messageQueries
        .findStreamingMessage(stream.sessionId)
        ?.parts.map((part) => part.type === 'tool' && part.call.state)
        .join(' ')
    await waitUntil(() => states() === 'SUCCEEDED RUNNING AWAITING_APPROVAL', states)
    await chat.chats.decisions.answerApproval(second?.id ?? '', 'ONCE')
    expect(await chat.chats.findStream(stream.id)).toMatchObject({ status: 'RUNNING' })
    release.open()
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect((await listStoredCalls(chat, stream.id)).map(({ state }) => state)).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
      'SUCCEEDED',
    ])
  })

  test('with the same id are one call: the second one never runs', async () => {
    const look = newTool({ name: 'look', isReadOnly: true })
    const tool = newTool()
    const chat = newChats(
      [look, tool],
      [newToolCallRequest('look', '{}', '0'), newToolCallRequest('files__write', '{"all":true}', '0')],
    )
    const stream = await chat.start('Look.')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ name: 'look', state: 'SUCCEEDED' }])
  })
})
