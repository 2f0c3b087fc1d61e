import { describe, expect, test } from 'vitest'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { cancelStream, followStream, isEventOfType, startChat } from '../support/chat.ts'
import { connect, transports } from '../support/clients.ts'
import { expectRefusal, follow, readUntil, requireNonNull, mutate } from '../support/typed-client.ts'
import { AnswerApprovalDocument, FollowApprovalsDocument } from '../generated/graphql.ts'

const inputSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] as string[] }
const writeTwice = '/tool files__write {"n":1}\n/tool files__write {"n":2}'

describe.each(transports)('An answer to an approval, over %s,', (transport) => {
  test('may change the arguments and give a reason: they are what runs, and what is shown', async () => {
    const tool = newTool({ inputSchema })
    await using segue = await startSegueWithTools([tool])
    await using client = connect(transport, segue.url)
    const { id: streamId } = await startChat(client, { text: '/tool files__write {"n":1}' })
    const events = followStream(client, streamId)
    const { last: request } = await readUntil(events, isEventOfType('ApprovalChanged'))
    const { id } = request.approval
    for (const [variables, path] of [
      [{ decision: 'ONCE', arguments: { n: 'one' } }, 'arguments'],
      [{ decision: 'DENY', arguments: { n: 2 } }, 'arguments'],
      [{ decision: 'ONCE', reason: 'x'.repeat(10_001) }, 'reason'],
    ] as const) {
      const refusal = await expectRefusal(client, AnswerApprovalDocument, { id, ...variables })
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', path: [path] })
    }
    const answer = { id, decision: 'ONCE', reason: 'Two is enough.', arguments: { n: 2 } } as const
    const answered = (await mutate(client, AnswerApprovalDocument, answer)).answerApproval
    expect(answered).toMatchObject({ state: 'ANSWERED', ...answer, releasedBy: null })
    expect(answered.toolCall).toMatchObject({ arguments: { n: 1 }, argumentsText: '{"n":1}' })
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(tool.runs).toEqual([{ n: 2 }])
    expect(last.message?.text).toContain('{"n":2}')
    expect(last.message?.text).toContain('Two is enough.')
  })

  test('with SESSION and ALWAYS releases the calls that wait, which say so', async () => {
    const tool = newTool({ inputSchema })
    await using segue = await startSegueWithTools([tool])
    await using client = connect(transport, segue.url)
    await using follower = connect('webSocket', segue.url)
    const streams = [await startChat(client, { text: writeTwice }), await startChat(client, { text: writeTwice })]
    const approvals = follow(follower, FollowApprovalsDocument, {})
    const next = async () => requireNonNull((await approvals.next()).value).approvals
    const waiting = [await next(), await next(), await next(), await next()]
    const first = waiting.find(({ stream }) => stream.id === streams[0]?.id)
    const id = requireNonNull(first).id
    await mutate(client, AnswerApprovalDocument, { id, decision: 'SESSION', arguments: { n: 9 } })
    const ofSession = [await next(), await next()]
    expect(ofSession.find((approval) => approval.id === id)).toMatchObject({ releasedBy: null, arguments: { n: 9 } })
    expect(ofSession.find((approval) => approval.id !== id)).toMatchObject({
      stream: { id: streams[0]?.id },
      state: 'ANSWERED',
      decision: 'SESSION',
      releasedBy: { id },
      arguments: null,
    })
    const other = waiting.find(({ stream }) => stream.id === streams[1]?.id)
    const always = { id: requireNonNull(other).id, decision: 'ALWAYS' } as const
    await mutate(client, AnswerApprovalDocument, always)
    const released = [await next(), await next()].filter((approval) => approval.id !== always.id)
    expect(released).toMatchObject([{ state: 'ANSWERED', decision: 'ALWAYS', releasedBy: { id: always.id } }])
    const stale = { id: requireNonNull(released[0]).id, decision: 'DENY' } as const
    expect(await expectRefusal(client, AnswerApprovalDocument, stale)).toMatchObject({ code: 'STALE' })
    for (const stream of streams) await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
    expect(tool.runs.map(({ n }) => n).toSorted()).toEqual([1, 2, 2, 9].toSorted())
    await approvals.return(undefined)
  })

  test('is shown with everything invisible in the model’s words escaped', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const { id: streamId } = await startChat(client, { text: '/tool files__write {"text":"\u202etxt.exe\u200b"}' })
    const { last } = await readUntil(followStream(client, streamId), isEventOfType('ApprovalChanged'))
    expect(last.approval.description).toBe(String.raw`Run files__write with {"text":"\u202etxt.exe\u200b"}`)
    expect((await cancelStream(client, streamId)).message?.toolCalls[0]).toMatchObject({
      arguments: { text: '\u202etxt.exe\u200b' },
    })
  })
})
