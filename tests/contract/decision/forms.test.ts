import { describe, expect, test } from 'vitest'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { cancelStream, followStream, isEventOfType, startChat } from '../support/chat.ts'
import { connect, transports } from '../support/clients.ts'
import { computeDigest, foldParts } from '../support/fold.ts'
import { ask, expectRefusal, readUntil, mutate } from '../support/typed-client.ts'
import { AnswerClarificationDocument, ClarificationsDocument } from '../generated/graphql.ts'

const text = '/form Where to? | city | class: first, second'
const form = {
  type: 'object',
  properties: { city: { type: 'string' }, class: { type: 'string', enum: ['first', 'second'] } },
  required: ['city', 'class'],
}

describe.each(transports)('A clarification with a form, over %s,', (transport) => {
  test('is shown with its schema, and answered with values, while the call runs', async () => {
    await using segue = await startSegueWithTools([])
    await using client = connect(transport, segue.url)
    const { id: streamId } = await startChat(client, { text })
    const events = followStream(client, streamId)
    const { received, last: request } = await readUntil(events, isEventOfType('ClarificationChanged'))
    const { id } = request.clarification
    const question = { question: 'Where to?', choices: [], form, state: 'PENDING', answer: null, declined: false }
    expect(request.clarification).toMatchObject(question)
    const { clarifications } = await ask(client, ClarificationsDocument, {})
    expect(clarifications).toMatchObject([
      { ...question, stream: { id: streamId, status: 'WAITING' }, toolCall: { name: 'form', state: 'RUNNING' } },
    ])
    for (const [variables, path] of [
      [{ values: { city: 'Oslo', class: 'third' } }, 'values'],
      [{ values: 'Oslo' }, 'values'],
      [{ answer: 'Oslo' }, 'answer'],
      [{ answer: null, values: null, decline: null }, 'answer'],
      [{ values: { city: 'Oslo', class: 'first' }, decline: true }, 'decline'],
    ] as const) {
      const refusal = await expectRefusal(client, AnswerClarificationDocument, { id, ...variables })
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', path: [path] })
    }
    const values = { city: 'Oslo', class: 'first' }
    const { answerClarification: answered } = await mutate(client, AnswerClarificationDocument, { id, values })
    expect(answered).toMatchObject({ id, state: 'ANSWERED', declined: false, form })
    expect(JSON.parse(answered.answer ?? '')).toEqual(values)
    const { received: rest, last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.message?.toolCalls).toMatchObject([{ state: 'SUCCEEDED', result: values }])
    expect(computeDigest(foldParts([...received, ...rest]))).toBe(last.message?.digest)
    expect(await expectRefusal(client, AnswerClarificationDocument, { id, decline: true })).toMatchObject({
      code: 'STALE',
    })
    expect(segue.warnings).toEqual([])
  })

  test('is declined, or cancelled with its stream', async () => {
    await using segue = await startSegueWithTools([])
    await using client = connect(transport, segue.url)
    const { id: streamId } = await startChat(client, { text })
    const events = followStream(client, streamId)
    const { last: request } = await readUntil(events, isEventOfType('ClarificationChanged'))
    const decline = { id: request.clarification.id, decline: true }
    const { answerClarification: declined } = await mutate(client, AnswerClarificationDocument, decline)
    expect(declined).toMatchObject({ state: 'ANSWERED', declined: true, answer: null })
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last.message?.text).toBe('form returned: The form was declined.')

    const other = await startChat(client, { text })
    await readUntil(followStream(client, other.id), isEventOfType('ClarificationChanged'))
    expect((await cancelStream(client, other.id)).message?.toolCalls).toMatchObject([{ state: 'CANCELLED' }])
    const { clarifications } = await ask(client, ClarificationsDocument, { pending: false })
    expect(clarifications.map(({ state }) => state).toSorted()).toEqual(['ANSWERED', 'CANCELLED'])
  })
})
