import { describe, expect, test } from 'vitest'
import type { ApprovalRecord } from '../../../../src/model/decision.ts'
import { FencingError, StorageError } from '../../../../src/storage/errors.ts'
import type { AppendRequest } from '../../../../src/storage/event-store.ts'
import { type ChatFixture, newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import { newChatRequest } from '../../../support/fixtures/chat-request.ts'
import {
  listStoredCalls,
  listStoredDecisions,
  staleError,
  useDecisionChats,
  waitForEnd,
  writeCall,
} from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForPending } from '../../../support/fixtures/pending-decisions.ts'
import { newTool, newToolCallRequest } from '../../../support/fixtures/tools.ts'

const { newChats } = useDecisionChats()

const firstWrite = newToolCallRequest('files__write', '{"n":1}', 'first')
const secondWrite = newToolCallRequest('files__write', '{"n":2}', 'second')
const deleteCall = newToolCallRequest('files__delete')

/** The approvals of a stream, in the order of their requests. */
async function listApprovals(chat: ChatFixture, streamId: string): Promise<ApprovalRecord[]> {
  return (await listStoredDecisions(chat))
    .flatMap((decision) => (decision.kind === 'approval' && decision.streamId === streamId ? [decision] : []))
    .toSorted((a, b) => a.partIndex - b.partIndex)
}

/** The transactions with events of more than one session. */
function recordJointWrites({ profile }: ChatFixture): (readonly AppendRequest[])[] {
  const writes: (readonly AppendRequest[])[] = []
  const { eventStore } = profile
  const appendAll = eventStore.appendAll.bind(eventStore)
  eventStore.appendAll = (requests) => {
    if (requests.length > 1) writes.push(requests)
    return appendAll(requests)
  }
  return writes
}

describe('SESSION', () => {
  test('releases the calls of the tool that wait in the session, with their own arguments, and no other call', async () => {
    const tool = newTool()
    const chat = newChats([tool, newTool({ name: 'files__delete' })], [firstWrite, secondWrite, deleteCall])
    const stream = await chat.start('Write both.')
    const other = await chat.start('Here, too.')
    await waitForPending(chat.chats, 'approval', 6)
    const [, second] = await listApprovals(chat, stream.id)
    await chat.chats.decisions.answerApproval(second?.id ?? '', 'SESSION')
    expect(await listApprovals(chat, stream.id)).toMatchObject([
      { state: 'ANSWERED', decision: 'SESSION', releasedBy: second?.id },
      { state: 'ANSWERED', decision: 'SESSION' },
      { state: 'PENDING', decision: null },
    ])
    expect((await listApprovals(chat, stream.id))[1]).not.toHaveProperty('releasedBy')
    for (const approval of await listApprovals(chat, other.id)) expect(approval.state).toBe('PENDING')
    const [released, , deletes] = await listApprovals(chat, stream.id)
    await expect(chat.chats.decisions.answerApproval(released?.id ?? '', 'DENY')).rejects.toMatchObject(staleError)
    await chat.chats.decisions.answerApproval(deletes?.id ?? '', 'DENY')
    await waitForEnd(chat, stream)
    // The answered call was first to go on.
    expect(tool.runs).toEqual([{ n: 2 }, { n: 1 }])
  })
})

describe('ALWAYS', () => {
  test('releases the calls of the tool that wait in the whole profile, in one transaction', async () => {
    const tool = newTool()
    const chat = newChats([tool], [firstWrite, secondWrite])
    const streams = [await chat.start('One'), await chat.start('Two'), await chat.start('Three')]
    await waitForPending(chat.chats, 'approval', 6)
    const jointWrites = recordJointWrites(chat)
    const [first] = await listApprovals(chat, streams[0]?.id ?? '')
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ALWAYS')
    expect(jointWrites.map((requests) => requests.map(({ decisions }) => decisions?.length))).toEqual([[2, 2, 2]])
    for (const stream of streams) {
      expect((await waitForEnd(chat, stream)).status).toBe('COMPLETED')
      for (const approval of await listApprovals(chat, stream.id)) {
        expect(approval).toMatchObject({ state: 'ANSWERED', decision: 'ALWAYS' })
        expect(approval.releasedBy).toBe(approval.id === first?.id ? undefined : first?.id)
      }
    }
    expect(tool.runs).toHaveLength(6)
    expect(await chat.profile.approvalRules.listAllowedTools()).toEqual(['files__write'])
  })

  test('given for calls of two sessions at once settles all of them, without a deadlock', async () => {
    const tools = [newTool(), newTool({ name: 'files__delete' })]
    const chat = newChats(tools, [writeCall, deleteCall])
    const streams = await Promise.all(['One', 'Two', 'Three', 'Four'].map((text) => chat.start(text)))
    const pending = await waitForPending(chat.chats, 'approval', 8)
    const results = await Promise.allSettled(pending.map(({ id }) => chat.chats.decisions.answerApproval(id, 'ALWAYS')))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    for (const each of results) if (each.status === 'rejected') expect(each.reason).toMatchObject(staleError)
    for (const stream of streams) {
      await waitForEnd(chat, stream)
      for (const call of await listStoredCalls(chat, stream.id)) expect(call.state).toBe('SUCCEEDED')
    }
    expect(tools.map(({ runs }) => runs.length)).toEqual([4, 4])
  })

  test('releases nothing of a stream that is cancelled at the same time, which ends as it would alone', async () => {
    for (let ticks = 0; ticks < 30; ticks += 1) {
      const chat = newChats([newTool()], [writeCall])
      const [one, two] = [await chat.start('One'), await chat.start('Two')]
      await waitForPending(chat.chats, 'approval', 2)
      const [first] = await listApprovals(chat, one.id)
      const answer = chat.chats.decisions.answerApproval(first?.id ?? '', 'ALWAYS')
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      await chat.chats.cancel(two.id)
      expect(await answer).toMatchObject({ state: 'ANSWERED' })
      expect((await waitForEnd(chat, one)).status).toBe('COMPLETED')
      expect((await waitForEnd(chat, two)).status).toBe('CANCELLED')
      const [second] = await listApprovals(chat, two.id)
      expect(['ANSWERED', 'CANCELLED']).toContain(second?.state)
      expect(second?.releasedBy).toBe(second?.state === 'ANSWERED' ? first?.id : undefined)
    }
  })

  test('releases a call that looked for the permission before and begins to wait after it', async () => {
    const [lookedUp, answered] = [newLatch(), newLatch()]
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    const one = await chat.start('One')
    const [first] = await waitForPending(chat.chats, 'approval')
    const { approvalRules } = chat.profile
    const listForTool = approvalRules.listForTool.bind(approvalRules)
    approvalRules.listForTool = async (...args) => {
      const result = await listForTool(...args)
      lookedUp.open()
      await answered.opened
      return result
    }
    const two = await chat.start('Two')
    await lookedUp.opened
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ALWAYS')
    answered.open()
    for (const stream of [one, two]) expect((await waitForEnd(chat, stream)).status).toBe('COMPLETED')
    expect(await listApprovals(chat, two.id)).toMatchObject([{ state: 'ANSWERED', releasedBy: first?.id }])
    expect(tool.runs).toHaveLength(2)
  })

  test('fails the streams whose part of the transaction cannot be saved, and runs none of their tools', async () => {
    const tool = newTool()
    const chat = newChats([tool], [writeCall])
    const streams = [await chat.start('One'), await chat.start('Two')]
    const [first] = await waitForPending(chat.chats, 'approval', 2)
    const errors: unknown[] = []
    const { eventStore } = chat.profile
    const appendAll = eventStore.appendAll.bind(eventStore)
    eventStore.appendAll = async (requests) => {
      if (requests.length < 2 || errors.length > 0) return appendAll(requests)
      errors.push('full')
      throw new StorageError('FULL', new Error('The disk is full.'))
    }
    await chat.chats.decisions.answerApproval(first?.id ?? '', 'ALWAYS')
    for (const stream of streams) expect((await waitForEnd(chat, stream)).status).toBe('FAILED')
    expect(errors).toHaveLength(1)
    expect(tool.runs).toEqual([])
  })
})

test.each([
  ['has been ended by another process', (streamId: string) => new FencingError(streamId)],
  ['cannot be saved', () => new StorageError('CONSTRAINT', new Error('A value is missing.'))],
])('ALWAYS counts, and fails no other stream, though a stream that it covers %s', async (_, createError) => {
  const tool = newTool()
  const chat = newChats([tool], [writeCall])
  const [one, two, three] = [await chat.start('One'), await chat.start('Two'), await chat.start('Three')]
  await waitForPending(chat.chats, 'approval', 3)
  const { eventStore } = chat.profile
  const appendAll = eventStore.appendAll.bind(eventStore)
  const refusals: number[] = []
  eventStore.appendAll = async (requests) => {
    const isRefused =
      refusals.length < 2 && requests.some(({ fences }) => fences?.some(({ streamId }) => streamId === two.id))
    if (!isRefused) return appendAll(requests)
    refusals.push(requests.length)
    throw createError(two.id)
  }
  const [approval] = await listApprovals(chat, one.id)
  const answered = await chat.chats.decisions.answerApproval(approval?.id ?? '', 'ALWAYS')
  expect(answered).toMatchObject({ state: 'ANSWERED', decision: 'ALWAYS' })
  for (const stream of [one, three]) expect((await waitForEnd(chat, stream)).status).toBe('COMPLETED')
  expect((await waitForEnd(chat, two)).status).toBe('FAILED')
  expect(refusals).toEqual([3, 1])
  expect(tool.runs).toHaveLength(2)
  expect(await chat.profile.approvalRules.list()).toMatchObject([{ approvalId: approval?.id }])
})

test('what another process allows is released later if the rules cannot be read at first', async () => {
  const chat = newChats([newTool()], [writeCall])
  const stream = await chat.start('One')
  const [approval] = await waitForPending(chat.chats, 'approval')
  const { approvalRules, changes } = chat.profile
  const rule = { id: 'rule', sessionId: null, tool: 'files__write', pattern: null, since: 1, approvalId: 'elsewhere' }
  let failures = 0
  approvalRules.listForTool = async () => {
    if (failures > 0) return [rule]
    failures += 1
    throw new StorageError('UNREACHABLE', new Error('The connection is broken.'))
  }
  changes.foreignApprovalRules.notify()
  expect((await waitForEnd(chat, stream)).status).toBe('COMPLETED')
  expect(await chat.chats.decisions.find(approval?.id ?? '')).toMatchObject({
    state: 'ANSWERED',
    releasedBy: 'elsewhere',
  })
  expect(failures).toBe(1)
})

test('ONCE and DENY release nothing', async () => {
  const chat = newChats([newTool()], [firstWrite, secondWrite])
  const { id: streamId } = await chat.chats.start(newChatRequest({ text: 'Write.' }))
  const [first, second] = await waitForPending(chat.chats, 'approval', 2)
  await chat.chats.decisions.answerApproval(first?.id ?? '', 'ONCE')
  expect((await listApprovals(chat, streamId)).map(({ state }) => state).toSorted()).toEqual(['ANSWERED', 'PENDING'])
  await chat.chats.decisions.answerApproval(second?.id ?? '', 'DENY')
})
