import { describe, expect, test } from 'vitest'
import { waitForAbort } from '../../../../src/lib/async/wait-for-abort.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { hasToolCallEnded } from '../../../../src/model/tool-call.ts'
import { CombinedSessionRepository } from '../../../../src/sessions/combined-session-repository.ts'
import type { AppendRequest } from '../../../../src/storage/event-store.ts'
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
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { waitForOnlyPending, waitForPending } from '../../../support/fixtures/pending-decisions.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolCallRequest, newToolSource } from '../../../support/fixtures/tools.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const { newChats, newScriptedChats, restartAfterCrash, copyHome } = useDecisionChats()

describe('a decision that expires', () => {
  test('denies its call, and the answer continues', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall], { decisionTimeoutMs: 20 })
    const stream = await chat.start('Write it.')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toEqual([])
    const [approval] = await listStoredDecisions(chat)
    expect(approval).toMatchObject({ state: 'EXPIRED', decision: null })
    expect(approval?.resolvedAt).toBeGreaterThanOrEqual(approval?.expiresAt ?? Number.POSITIVE_INFINITY)
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'DENIED', error: 'Nobody allowed this call in time. It was not run.' },
    ])
    await expect(chat.chats.decisions.answerApproval(approval?.id ?? '', 'ONCE')).rejects.toMatchObject(staleError)
  })

  test('fails its call if it is a clarification', async () => {
    const chat = newChats([], [newToolCallRequest('clarify', '{"question":"Which one?"}')], { decisionTimeoutMs: 20 })
    const stream = await chat.start('Paint it.')
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(await listStoredDecisions(chat)).toMatchObject([{ state: 'EXPIRED', answer: null }])
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'FAILED', error: 'Nobody answered in time.' },
    ])
    const [question] = await listStoredDecisions(chat)
    await expect(chat.chats.decisions.answerClarification(question?.id ?? '', { answer: 'Red' })).rejects.toMatchObject(
      staleError,
    )
  })

  test('affects neither a decision that was resolved before its deadline nor the call of another one', async () => {
    const release = newLatch()
    const slow = newTool({ name: 'slow', execute: () => release.opened.then(() => 'slow') })
    const chat = newChats([slow, newTool()], [newToolCallRequest('slow'), writeCall], { decisionTimeoutMs: 600 })
    const stream = await chat.start('Do both.')
    const [first] = await waitForPending(chat.chats, 'approval', 2)
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    for await (const decision of chat.chats.decisions.subscribe('approval')) if (decision.state === 'EXPIRED') break
    release.open()
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect((await listStoredCalls(chat, stream.id)).map(({ state }) => state)).toEqual(['SUCCEEDED', 'DENIED'])
    expect((await listStoredDecisions(chat)).map(({ state }) => state).toSorted()).toEqual(['ANSWERED', 'EXPIRED'])
  })
})

describe('a stream that ends while decisions are pending', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?"}')

  test('by a cancel cancels them: no tool runs, and later answers are STALE', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall, ask])
    const stream = await chat.start('Do it.')
    const approval = await waitForOnlyPending(chat.chats, 'approval')
    const question = await waitForOnlyPending(chat.chats, 'clarification')
    const cancelled = await chat.chats.cancel(stream.id)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', stream: { status: 'CANCELLED' } })
    expect(cancelled.answer).toEqual(await chat.findAnswer(stream.id))
    expect((await listStoredCalls(chat, stream.id)).map(({ state, error }) => [state, error])).toEqual([
      ['CANCELLED', null],
      ['CANCELLED', null],
    ])
    expect((await listStoredDecisions(chat)).map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    const log = (await chat.readLog(stream.sessionId)).slice(-8).map(summarizeEvent)
    expect(log.slice(0, 4)).toEqual(['call CANCELLED', 'PartFinished', 'call CANCELLED', 'PartFinished'])
    expect(log.slice(4, 6).toSorted()).toEqual(['approval CANCELLED', 'clarification CANCELLED'])
    expect(log.slice(6)).toEqual(['SessionChanged', 'stream CANCELLED'])
    await expect(chat.chats.decisions.answerApproval(approval.id, 'ONCE')).rejects.toMatchObject(staleError)
    await expect(chat.chats.decisions.answerClarification(question.id, { answer: 'Red' })).rejects.toMatchObject(
      staleError,
    )
    expect((await chat.chats.cancel(stream.id)).outcome).toBe('ALREADY_CANCELLED')
    expect(tool.runs).toEqual([])
    expect(chat.loggedErrors).toEqual([])
  })

  test('by a cancel during a tool call does not wait for the tool, whose later result is refused', async () => {
    for (const obeysSignal of [true, false]) {
      const release = newLatch()
      const signals: AbortSignal[] = []
      const tool = newTool({
        execute: async (_input, { signal }) => {
          signals.push(signal)
          await (obeysSignal ? waitForAbort(signal) : release.opened)
          return 'too late'
        },
      })
      const chat = newChats([tool], [writeCall])
      const stream = await chat.start('Write it.')
      const { id } = await waitForOnlyPending(chat.chats, 'approval')
      await chat.chats.decisions.answerApproval(id, 'ONCE')
      await waitUntil(() => tool.runs.length === 1)
      expect((await chat.chats.cancel(stream.id)).outcome).toBe('CANCELLED')
      expect(signals).toMatchObject([{ aborted: true }])
      const log = await chat.readLog(stream.sessionId)
      release.open()
      await yieldToEventLoop()
      expect(await chat.readLog(stream.sessionId)).toEqual(log)
      expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'CANCELLED', result: null }])
      expect(await chat.chats.decisions.find(id)).toMatchObject({ state: 'ANSWERED', decision: 'ONCE' })
      expect(chat.loggedErrors).toEqual([])
    }
  })

  test('leaves the decisions of other streams pending', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    const stream = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    const queued = await chat.start('And then?', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    expect((await chat.chats.cancel(queued.id)).outcome).toBe('CANCELLED')
    expect(await chat.chats.decisions.answerApproval(id, 'ONCE')).toMatchObject({ state: 'ANSWERED' })
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('by a message with INTERRUPT cancels them in the transaction that starts the new stream', async () => {
    const chat = newChats([newTool()], [writeCall, ask])
    const stream = await chat.start('Do it.')
    await waitForOnlyPending(chat.chats, 'approval')
    await waitForOnlyPending(chat.chats, 'clarification')
    const writes: AppendRequest[] = []
    chat.hooks.beforeAppend = (each) => void writes.push(each)
    const next = await chat.start('Never mind.', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })
    const interruption = writes.find(({ events }) => events.some(({ streamId }) => streamId === next.id))
    const log = interruption?.events.map(summarizeEvent) ?? []
    expect(log.slice(0, 6).toSorted()).toEqual([
      'PartFinished',
      'PartFinished',
      'approval CANCELLED',
      'call CANCELLED',
      'call CANCELLED',
      'clarification CANCELLED',
    ])
    expect(log.slice(6)).toEqual(['SessionChanged', 'stream CANCELLED', 'stream RUNNING'])
    expect(interruption?.decisions?.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    expect((await waitForPending(chat.chats, 'approval')).map(({ streamId }) => streamId)).toEqual([next.id])
  })

  test('by a server stop gives that reason in its calls', async () => {
    const chat = newChats([newTool()], [writeCall, ask])
    const stream = await chat.start('Do it.')
    await waitForOnlyPending(chat.chats, 'approval')
    await waitForOnlyPending(chat.chats, 'clarification')
    await chat.chats.close()
    expect(await chat.profile.eventStore.findStream(stream.id)).toMatchObject({ status: 'INTERRUPTED' })
    expect((await listStoredDecisions(chat)).map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED'])
    expect((await listStoredCalls(chat, stream.id)).map(({ state, error }) => [state, error])).toEqual([
      ['CANCELLED', 'The server stopped before anybody had allowed this call. It was not run.'],
      ['CANCELLED', 'The server stopped before anybody had answered.'],
    ])
  })

  test('by itself, or by a failure of its agent, cancels them', async () => {
    for (const [status, fails] of [
      ['FAILED', true],
      ['COMPLETED', false],
    ] as const) {
      const chat = newScriptedChats(async function* () {
        const approval = { type: 'approval', description: 'Do it', inputSchema: {}, timeoutMs: 60_000 } as const
        yield { type: 'tool-call', ...writeCall, gate: approval }
        if (fails) throw new Error('it broke')
      })
      const stream = await chat.start('Write it.')
      expect(await waitForEnd(chat, stream)).toMatchObject({ status })
      expect(await listStoredDecisions(chat)).toMatchObject([{ state: 'CANCELLED' }])
      const [call] = await listStoredCalls(chat, stream.id)
      expect(call?.state).toBe('CANCELLED')
      expect(call?.error).toMatch(/It was not run\.$/)
    }
  })
})

describe('a crash while decisions are pending', () => {
  const ask = newToolCallRequest('clarify', '{"question":"Which one?"}')

  test('cancels them at the next start, and ends their calls with the reason', async () => {
    const never = new Promise<never>(() => {})
    const slow = newTool({ name: 'slow', execute: () => never })
    const look = newTool({ name: 'look', isReadOnly: true, execute: () => never })
    const chat = newChats(
      [slow, look, newTool()],
      [newToolCallRequest('slow'), writeCall, ask, newToolCallRequest('look')],
    )
    const stream = await chat.start('Do it all.')
    const [first, second] = await waitForPending(chat.chats, 'approval', 2)
    await waitForOnlyPending(chat.chats, 'clarification')
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await waitUntil(() => slow.runs.length === 1 && look.runs.length === 1)

    const tool = newTool({ isReadOnly: true })
    const after = await restartAfterCrash(
      chat.home,
      answerWithCalls(newToolbox({ source: newToolSource(tool) }), writeCall),
    )
    expect(await after.chats.findStream(stream.id)).toMatchObject({
      status: 'INTERRUPTED',
      error: { code: 'SERVER_RESTART' },
    })
    expect((await listStoredCalls(after, stream.id)).map(({ name, state, error }) => [name, state, error])).toEqual([
      ['slow', 'OUTCOME_UNKNOWN', null],
      ['files__write', 'CANCELLED', 'The server stopped before anybody had allowed this call. It was not run.'],
      ['clarify', 'CANCELLED', 'The server stopped before anybody had answered.'],
      ['look', 'OUTCOME_UNKNOWN', null],
    ])
    expect((await listStoredDecisions(after)).map(({ kind, state }) => [kind, state])).toEqual([
      ['approval', 'ANSWERED'],
      ['approval', 'CANCELLED'],
      ['clarification', 'CANCELLED'],
    ])
    expect(await after.chats.decisions.list('approval', { isPending: true })).toEqual([])
    await expect(after.chats.decisions.answerApproval(second?.id ?? '', 'ONCE')).rejects.toMatchObject(staleError)

    const next = await after.start('Go on.', { sessionId: stream.sessionId })
    expect(await waitForEnd(after, next)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('at any commit of an answer leaves a consistent session that can be continued', async () => {
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
    const calls = [newToolCallRequest('look'), writeCall, newToolCallRequest('files__delete'), ask]
    const chat = newChats(tools, calls)
    const snapshots: { readonly home: string; readonly ran: readonly string[] }[] = []
    const takeSnapshot = () => void snapshots.push({ home: copyHome(chat.home), ran: [...ran] })
    chat.hooks.beforeAppend = takeSnapshot
    const stream = await chat.start('Do it all.')
    const [first, second] = await waitForPending(chat.chats, 'approval', 2)
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
    await chat.chats.decisions.answerClarification((await waitForOnlyPending(chat.chats, 'clarification')).id, {
      answer: 'Red',
    })
    await chat.chats.decisions.answerApproval(second?.id ?? '', 'DENY')
    await waitForEnd(chat, stream)
    takeSnapshot()
    // The first snapshot is empty.
    expect(snapshots.length).toBeGreaterThan(6)

    for (const snapshot of snapshots.slice(1)) {
      const after = await restartAfterCrash(snapshot.home)
      const ended = await after.chats.findStream(stream.id)
      expect(ended?.finishedAt).not.toBeNull()
      expect((await listStoredDecisions(after)).filter(({ state }) => state === 'PENDING')).toEqual([])
      const recoveredCalls = await listStoredCalls(after, stream.id)
      expect(recoveredCalls.filter((call) => !hasToolCallEnded(call))).toEqual([])
      for (const name of snapshot.ran) {
        const call = recoveredCalls.find((each) => each.name === name)
        // A call is committed before its tool runs, so its state never claims that it did not run.
        expect(['SUCCEEDED', 'OUTCOME_UNKNOWN'], `${name} is ${call?.state}`).toContain(call?.state)
      }
      for (const call of recoveredCalls) {
        if (call.state === 'CANCELLED') expect(call.error, call.name).toMatch(/^The server stopped before/)
      }
      const session = await new CombinedSessionRepository(after.profile).find(stream.sessionId)
      const context = session ? await after.chats.loadModelMessages(session) : []
      expect(findOpenAiProblems(context)).toEqual([])
      expect(await after.profile.eventStore.listUnfinishedStreams()).toEqual([])
    }
  })
})
