import { describe, expect, test } from 'vitest'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { connect, transports } from '../support/clients.ts'
import { followStream, isEventOfType, startChat } from '../support/chat.ts'
import { expectSubscriptionRefusal, follow, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import {
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  FollowApprovalsDocument,
  FollowClarificationsDocument,
} from '../generated/graphql.ts'

describe.each(transports)('After a cut, a subscription to decisions, over %s,', (transport) => {
  test('emits the approval that was answered during it, after those that are pending', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const settledSince = new Date().toISOString()
    const ask = async () => {
      const { id } = await startChat(client, { text: '/tool files__write {"n":1}' })
      const events = followStream(client, id)
      const { last } = await readUntil(events, isEventOfType('ApprovalChanged'))
      await events.return()
      return last.approval.id
    }
    const answered = [await ask(), await ask()]
    for (const id of answered) await mutate(client, AnswerApprovalDocument, { id, decision: 'DENY' })
    const pending = await ask()
    const approvals = follow(client, FollowApprovalsDocument, { settledSince })
    const next = async () => requireNonNull((await approvals.next()).value).approvals
    expect([await next(), await next(), await next()]).toMatchObject([
      { id: pending, state: 'PENDING' },
      ...answered.map((id) => ({ id, state: 'ANSWERED', decision: 'DENY', toolCall: { state: 'DENIED' } })),
    ])
    const later = follow(client, FollowApprovalsDocument, { settledSince: new Date(Date.now() + 1000).toISOString() })
    expect(requireNonNull((await later.next()).value).approvals.id).toBe(pending)
    const change = later.next()
    await mutate(client, AnswerApprovalDocument, { id: pending, decision: 'DENY' })
    expect(requireNonNull((await change).value).approvals).toMatchObject({ id: pending, state: 'ANSWERED' })
    expect(await next()).toMatchObject({ id: pending, state: 'ANSWERED' })
    await later.return(undefined)
    await approvals.return(undefined)
  })

  test('emits the question that was answered within the last hour, if no time is given', async () => {
    await using segue = await startSegueWithTools([])
    await using client = connect(transport, segue.url)
    const { id: streamId } = await startChat(client, { text: '/ask Which one?' })
    const { last } = await readUntil(followStream(client, streamId), isEventOfType('ClarificationChanged'))
    const { id } = last.clarification
    await mutate(client, AnswerClarificationDocument, { id, answer: 'Red' })
    const questions = follow(client, FollowClarificationsDocument, {})
    expect(requireNonNull((await questions.next()).value).clarifications).toMatchObject({ id, answer: 'Red' })
    await questions.return(undefined)
    const refused = await expectSubscriptionRefusal(client, FollowClarificationsDocument, { settledSince: 'yesterday' })
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', path: ['settledSince'] })
  })
})
