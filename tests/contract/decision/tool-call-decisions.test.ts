import { describe, expect, test } from 'vitest'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { connect, transports } from '../support/clients.ts'
import { type ChatEvent, type EventOfType, followStream, isEventOfType, startChat } from '../support/chat.ts'
import { ask, readUntil } from '../support/typed-client.ts'
import {
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  DecisionsOfToolCallsDocument,
} from '../generated/graphql.ts'

describe.each(transports)('A tool call, over %s,', (transport) => {
  test('leads to the approval and to the question that it waited for', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const text = '/tool files__write {"n":1}\n/ask Which one? | Red | Blue'
    const { id: streamId, session } = await startChat(client, { text })
    const events = followStream(client, streamId)
    const isRequest = (event: ChatEvent): event is EventOfType<'ApprovalChanged' | 'ClarificationChanged'> =>
      event.type === 'ApprovalChanged' || event.type === 'ClarificationChanged'
    const requests = [(await readUntil(events, isRequest)).last, (await readUntil(events, isRequest)).last]
    const approvalId = requests.flatMap((event) => ('approval' in event ? event.approval.id : [])).join()
    const clarificationId = requests.flatMap((event) => ('clarification' in event ? event.clarification.id : [])).join()
    const load = async () => {
      const { session: found } = await ask(client, DecisionsOfToolCallsDocument, { sessionId: session.id })
      return found?.messages.edges.flatMap(({ node }) => node.toolCalls)
    }
    expect(await load()).toMatchObject([
      { approval: { id: approvalId, state: 'PENDING' }, clarification: null },
      { approval: null, clarification: { id: clarificationId, state: 'PENDING' } },
    ])
    await ask(client, AnswerApprovalDocument, { id: approvalId, decision: 'DENY' })
    await ask(client, AnswerClarificationDocument, { id: clarificationId, answer: 'Red' })
    await readUntil(events, isEventOfType('StreamFinished'))
    expect(await load()).toMatchObject([
      { approval: { id: approvalId, state: 'ANSWERED', decision: 'DENY' }, clarification: null },
      { approval: null, clarification: { id: clarificationId, state: 'ANSWERED', answer: 'Red' } },
    ])
  })
})
