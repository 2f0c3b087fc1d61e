import { describe, expect, test } from 'vitest'
import { waitForAbort } from '../../../../src/lib/async/wait-for-abort.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import type { ApprovalDecision, DecisionRecord } from '../../../../src/model/decision.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import { hasToolCallEnded } from '../../../../src/model/tool-call.ts'
import type { AppendRequest } from '../../../../src/storage/event-store.ts'
import { type ChatFixture, newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import {
  listStoredCalls,
  staleError,
  summarizeEvent,
  useDecisionChats,
  waitForEnd,
  writeCall,
} from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending } from '../../../support/fixtures/pending-decisions.ts'
import { newTool } from '../../../support/fixtures/tools.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const { newChats } = useDecisionChats()

/** The approval that a stream requests, pending or not. */
async function findRequest({ chats }: ChatFixture, { id }: StreamRecord): Promise<DecisionRecord> {
  for await (const event of await chats.subscriptions.subscribeToStream(id, 0)) {
    if (event.type === 'ApprovalChanged') return event.decision
  }
  throw new Error(`The stream ${id} requested no approval.`)
}

describe('concurrent answers to one decision', () => {
  test('have exactly one winner, and the others are STALE', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    const stream = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    const answers: ApprovalDecision[] = ['ONCE', 'DENY', 'SESSION', 'ALWAYS', 'DENY', 'ONCE']
    const results = await Promise.allSettled(
      answers.map((decision) => chat.chats.decisions.answerApproval(id, decision)),
    )
    const winners = results.flatMap((each, index) =>
      each.status === 'fulfilled' ? [{ index, decision: each.value }] : [],
    )
    expect(winners).toHaveLength(1)
    expect(winners[0]?.decision.decision).toBe(answers[winners[0]?.index ?? -1])
    for (const each of results) if (each.status === 'rejected') expect(each.reason).toMatchObject(staleError)
    expect(await chat.chats.decisions.find(id)).toEqual(winners[0]?.decision)
    await waitForEnd(chat, stream)
    expect(tool.runs).toHaveLength(winners[0]?.decision.decision === 'DENY' ? 0 : 1)
    const log = (await chat.readLog(stream.sessionId)).map(summarizeEvent)
    expect(log.filter((each) => each === 'approval ANSWERED')).toHaveLength(1)
  })

  const outcomeOf = (answer: Promise<DecisionRecord>): Promise<unknown> =>
    answer.then(
      ({ state }) => state,
      ({ code }: { code: unknown }) => code,
    )

  test('and a cancel: what is stored is what every caller received', async () => {
    const tool = newTool({ execute: async (_input, { signal }) => waitForAbort(signal).then(() => 'late') })
    const chat = newChats([tool], [writeCall])
    const outcomes = new Set<unknown>()
    for (let ticks = 0; ticks < 40; ticks += 1) {
      const before = tool.runs.length
      const stream = await chat.start('Write it.')
      const { id } = await waitForOnlyPending(chat.chats, 'approval')
      const answer = outcomeOf(chat.chats.decisions.answerApproval(id, 'ONCE'))
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      const cancelled = await chat.chats.cancel(stream.id)
      expect(cancelled.outcome).toBe('CANCELLED')
      const result = await answer
      const stored = await chat.chats.decisions.find(id)
      expect([result, stored?.state]).toEqual(result === 'STALE' ? ['STALE', 'CANCELLED'] : ['ANSWERED', 'ANSWERED'])
      expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'CANCELLED' }])
      expect(cancelled.answer).toEqual(await chat.findAnswer(stream.id))
      if (result === 'STALE') expect(tool.runs).toHaveLength(before)
      outcomes.add(result)
    }
    expect([...outcomes].toSorted()).toEqual(['ANSWERED', 'STALE'])
    expect(chat.loggedErrors).toEqual([])
  })

  test('and the deadline: what is stored is what the caller received', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall], { decisionTimeoutMs: 8 })
    for (let round = 0; round < 12; round += 1) {
      const before = tool.runs.length
      const stream = await chat.start('Write it.')
      const { id, expiresAt } = await findRequest(chat, stream)
      const { promise: nearDeadline, resolve } = Promise.withResolvers<void>()
      setTimeout(resolve, Math.max(0, (expiresAt ?? 0) - Date.now() + (round % 3) - 1))
      await nearDeadline
      const result = await outcomeOf(chat.chats.decisions.answerApproval(id, 'ONCE'))
      await waitForEnd(chat, stream)
      const stored = await chat.chats.decisions.find(id)
      expect([result, stored?.state]).toEqual(result === 'STALE' ? ['STALE', 'EXPIRED'] : ['ANSWERED', 'ANSWERED'])
      expect(tool.runs.length - before).toBe(result === 'STALE' ? 0 : 1)
    }
  })
})

describe('nothing takes effect before its commit:', () => {
  /** The states of the tool calls in a write. */
  const statesIn = ({ events }: AppendRequest): string[] =>
    events.flatMap((event) => (event.type === 'ToolCallChanged' ? [event.toolCall.state] : []))

  test('a tool that needs no approval runs after its call is committed', async () => {
    const tool = newTool({ isReadOnly: true })
    const chat = newChats([tool], [writeCall])
    const release = newLatch()
    const reached = newLatch()
    chat.hooks.beforeAppend = async (each) => {
      if (!statesIn(each).includes('RUNNING')) return
      reached.open()
      await release.opened
    }
    const stream = await chat.start('Look.')
    await reached.opened
    await yieldToEventLoop()
    expect(tool.runs).toEqual([])
    release.open()
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
    expect(tool.runs).toHaveLength(1)
  })

  test('an approved tool runs after the approval is committed, however quick the answer is', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    for (let ticks = 0; ticks < 24; ticks += 1) {
      const before = tool.runs.length
      const runsBeforeCommit: number[] = []
      const requested = Promise.withResolvers<string>()
      chat.hooks.beforeAppend = async ({ decisions: [decision] = [] }) => {
        if (decision?.state === 'PENDING') requested.resolve(decision.id)
        if (decision?.state !== 'ANSWERED') return
        await yieldToEventLoop()
        runsBeforeCommit.push(tool.runs.length - before)
      }
      // Answers while the request is being committed, before any reader can know of it.
      const answered = requested.promise.then(async (id) => {
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
        while (!(await chat.chats.decisions.find(id))) await Promise.resolve()
        return chat.chats.decisions.answerApproval(id, 'ONCE')
      })
      const stream = await chat.start('Write it.')
      await answered
      await waitForEnd(chat, stream)
      expect(runsBeforeCommit, `after ${ticks} ticks`).toEqual([0])
      expect(tool.runs.length - before).toBe(1)
    }
  })

  test('an answer whose commit fails has no effect, and is stored with the end of the stream', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    const stream = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    let failures = 2
    chat.hooks.beforeAppend = () => {
      if (failures-- > 0) throw new Error('the disk is full')
    }
    const answer = chat.chats.decisions.answerApproval(id, 'ONCE')
    const ended = await waitForEnd(chat, stream)
    expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'STORAGE' } })
    expect(await answer).toMatchObject({ state: 'ANSWERED', decision: 'ONCE' })
    expect(await chat.chats.decisions.find(id)).toEqual(await answer)
    expect(tool.runs).toEqual([])
    const [call] = await listStoredCalls(chat, stream.id)
    expect(call && hasToolCallEnded(call)).toBe(true)
    expect(call?.state).not.toBe('SUCCEEDED')
    expect(chat.loggedErrors).toHaveLength(2)
  })

  test('while an answer is not committed, it is not confirmed, and there is no grant', async () => {
    const chat = newChats([newTool()], [writeCall])
    const stream = await chat.start('Write it.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    const release = newLatch()
    const reached = newLatch()
    chat.hooks.beforeAppend = async () => {
      reached.open()
      await release.opened
    }
    let isConfirmed = false
    const answer = chat.chats.decisions.answerApproval(id, 'ALWAYS').then(() => (isConfirmed = true))
    await reached.opened
    await yieldToEventLoop()
    expect(isConfirmed).toBe(false)
    expect(await chat.chats.decisions.find(id)).toMatchObject({ state: 'PENDING' })
    expect(await chat.profile.approvalRules.listAllowedTools()).toEqual([])
    // A second answer is too late, although the first one is not committed yet.
    await expect(chat.chats.decisions.answerApproval(id, 'DENY')).rejects.toMatchObject(staleError)
    release.open()
    await answer
    expect(await chat.profile.approvalRules.listAllowedTools()).toEqual(['files__write'])
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
  })

  test('a decision whose commit fails is not requested', async () => {
    const chat = newChats([newTool()], [writeCall])
    chat.hooks.beforeAppend = (each) => {
      if (each.decisions?.some(({ state }) => state === 'PENDING')) throw new Error('the disk is full')
    }
    let received = 0
    const subscription = chat.chats.decisions.subscribe('approval')
    const reading = (async () => {
      for await (const _ of subscription) received += 1
    })()
    const stream = await chat.start('Write it.')
    await waitUntil(() => chat.loggedErrors.length > 1)
    expect(await chat.chats.decisions.list('approval', {})).toEqual([])
    expect(received).toBe(0)
    delete chat.hooks.beforeAppend
    expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'FAILED' })
    await subscription.return?.()
    await reading
  })
})
