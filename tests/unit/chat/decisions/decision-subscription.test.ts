import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Notifier } from '../../../../src/lib/async/notifier.ts'
import type { DecisionRecord } from '../../../../src/model/decision.ts'
import { useDecisionChats, waitForEnd, writeCall } from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending, waitForPending } from '../../../support/fixtures/pending-decisions.ts'
import { newTool, newToolCallRequest } from '../../../support/fixtures/tools.ts'

const { newChats } = useDecisionChats()

describe('a subscription to decisions', () => {
  test('starts with all pending decisions in order, then delivers each change', async () => {
    const calls = Array.from({ length: 130 }, (_, index) =>
      newToolCallRequest('files__write', `{"n":${index}}`, `call ${index}`),
    )
    const chat = newChats([newTool()], calls)
    const stream = await chat.start('Write all.')
    await waitForPending(chat.chats, 'approval', calls.length)
    const subscription = chat.chats.decisions.subscribe('approval')
    const pending: DecisionRecord[] = []
    while (pending.length < calls.length) {
      const { value, done } = await subscription.next()
      if (done) break
      pending.push(value)
    }
    expect(pending.map(({ toolCall }) => toolCall.argumentsText)).toEqual(calls.map((call) => call.argumentsText))
    const next = subscription.next()
    await chat.chats.decisions.answerApproval(pending[7]?.id ?? '', 'DENY')
    expect((await next).value).toMatchObject({ id: pending[7]?.id, state: 'ANSWERED', decision: 'DENY' })
    await chat.chats.cancel(stream.id)
    const rest = new Set<string>()
    while (rest.size < calls.length - 1) {
      const { value, done } = await subscription.next()
      if (done) break
      expect(value.state).toBe('CANCELLED')
      rest.add(value.id)
    }
    expect(rest.has(pending[7]?.id ?? '')).toBe(false)
    await subscription.return?.()
  })

  test('delivers the current state of each decision to a slow consumer', async () => {
    const chat = newChats([newTool()], [writeCall])
    const slow = chat.chats.decisions.subscribe('approval')
    const first = slow.next()
    const ids: string[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      const stream = await chat.start('Write it.')
      const { id } = await waitForOnlyPending(chat.chats, 'approval')
      ids.push(id)
      await chat.chats.decisions.answerApproval(id, 'DENY')
      await waitForEnd(chat, stream)
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

  test('delivers either approvals or clarifications', async () => {
    const chat = newChats([newTool()], [writeCall, newToolCallRequest('clarify', '{"question":"Which one?"}')])
    const stream = await chat.start('Do it.')
    const approvals = chat.chats.decisions.subscribe('approval')
    const clarifications = chat.chats.decisions.subscribe('clarification')
    expect((await approvals.next()).value).toMatchObject({ kind: 'approval', state: 'PENDING' })
    expect((await clarifications.next()).value).toMatchObject({ kind: 'clarification', state: 'PENDING' })
    await chat.chats.cancel(stream.id)
    expect((await approvals.next()).value).toMatchObject({ kind: 'approval', state: 'CANCELLED' })
    expect((await clarifications.next()).value).toMatchObject({ kind: 'clarification', state: 'CANCELLED' })
    await Promise.all([approvals.return?.(), clarifications.return?.()])
  })

  test('can end while it waits', async () => {
    const chat = newChats([], [])
    const subscription = chat.chats.decisions.subscribe('approval')
    const next = subscription.next()
    await subscription.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('leaves no listener on its signal after a notification', async () => {
    const notifier = new Notifier()
    const { signal } = new AbortController()
    for (let version = 0; version < 20; version += 1) {
      const notified = notifier.wait(version, signal)
      expect(getEventListeners(signal, 'abort')).toHaveLength(1)
      notifier.notify()
      await notified
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a list holds the pending decisions, the resolved ones, or both, of one session or of all', async () => {
  const chat = newChats([newTool()], [writeCall, newToolCallRequest('clarify', '{"question":"Which one?"}')])
  const done = await chat.start('One.')
  await chat.chats.decisions.answerApproval((await waitForOnlyPending(chat.chats, 'approval')).id, 'DENY')
  await chat.chats.decisions.answerClarification((await waitForOnlyPending(chat.chats, 'clarification')).id, {
    answer: 'Red',
  })
  await waitForEnd(chat, done)
  const { sessionId, id } = await chat.start('Two.')
  await waitForOnlyPending(chat.chats, 'approval')
  const listed = async (filter: { isPending?: boolean }) =>
    (await chat.chats.decisions.list('approval', filter)).map(({ streamId }) => streamId)
  expect(await listed({ isPending: true })).toEqual([id])
  expect(await listed({ isPending: false })).toEqual([done.id])
  expect(await listed({})).toEqual([done.id, id])
  const pending = await chat.chats.decisions.findPendingBySession('approval', [done.sessionId, sessionId])
  expect(pending.map((some) => some.map(({ streamId }) => streamId))).toEqual([[], [id]])
  expect(await chat.chats.decisions.list('clarification', {})).toHaveLength(2)
})
