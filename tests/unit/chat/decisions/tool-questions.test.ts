import { describe, expect, test } from 'vitest'
import { type Tool, type ToolQuestion, type ToolQuestionAnswer, ToolError } from '../../../../src/agent/tools/tool.ts'
import {
  listStoredCalls,
  listStoredDecisions,
  staleError,
  summarizeEvent,
  useDecisionChats,
  waitForEnd,
} from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending, waitForPending } from '../../../support/fixtures/pending-decisions.ts'
import { newTool, newToolCallRequest } from '../../../support/fixtures/tools.ts'

const { newChats, restartAfterCrash } = useDecisionChats()

const form = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const question: ToolQuestion = { question: 'Where to?', choices: [], form }
const call = newToolCallRequest('trips__book')

/** A tool that asks, then returns what it was answered. */
function newAskingTool(asked: ToolQuestion = question, answers: ToolQuestionAnswer[] = []): Tool {
  return newTool({
    name: 'trips__book',
    isReadOnly: true,
    execute: async (_input, { askUser }) => {
      const answer = await askUser(asked)
      answers.push(answer)
      return answer.type === 'answered' ? { booked: answer.values ?? answer.text } : answer.type
    },
  })
}

describe('a question of a tool that runs', () => {
  test('makes the stream wait, while the call goes on running; its answer is not the result', async () => {
    const chat = newChats([newAskingTool()], [call])
    const stream = await chat.start('Book.')
    const { id, ...pending } = await waitForOnlyPending(chat.chats, 'clarification')
    expect(pending).toMatchObject({ question: 'Where to?', form, answer: null, toolCall: { state: 'RUNNING' } })
    expect((await chat.chats.findStream(stream.id))?.status).toBe('WAITING')
    const answered = await chat.chats.decisions.answerClarification(id, { values: { city: 'Oslo' } })
    expect(answered).toMatchObject({ state: 'ANSWERED', answer: '{"city":"Oslo"}' })
    await waitForEnd(chat, stream)
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([
      { state: 'SUCCEEDED', result: { booked: { city: 'Oslo' } } },
    ])
    expect((await chat.readLog(stream.sessionId)).map(summarizeEvent).filter((each) => each !== 'TextDelta')).toEqual([
      'stream RUNNING',
      'ToolCallDelta',
      'call RUNNING',
      'clarification PENDING',
      'stream WAITING',
      'clarification ANSWERED',
      'stream RUNNING',
      'call SUCCEEDED',
      'PartFinished',
      'PartFinished',
      'stream COMPLETED',
    ])
    await expect(chat.chats.decisions.answerClarification(id, { values: { city: 'Rome' } })).rejects.toMatchObject(
      staleError,
    )
  })

  test('can be declined', async () => {
    const chat = newChats([newAskingTool()], [call])
    const stream = await chat.start('Book.')
    const { id } = await waitForOnlyPending(chat.chats, 'clarification')
    const declined = await chat.chats.decisions.answerClarification(id, { decline: true })
    expect(declined).toMatchObject({ state: 'ANSWERED', answer: null, declined: true })
    await waitForEnd(chat, stream)
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'SUCCEEDED', result: 'declined' }])
  })

  test('without a form, such as one with a URL, is answered with a text', async () => {
    const chat = newChats([newAskingTool({ ...question, form: null, choices: ['Done'] })], [call])
    const stream = await chat.start('Book.')
    const { id, ...pending } = await waitForOnlyPending(chat.chats, 'clarification')
    expect(pending).not.toHaveProperty('form')
    const { decisions } = chat.chats
    await expect(decisions.answerClarification(id, { values: {} })).rejects.toMatchObject({
      details: { path: ['values'] },
    })
    await decisions.answerClarification(id, { answer: 'Done' })
    await waitForEnd(chat, stream)
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ result: { booked: 'Done' } }])
  })

  test.each([
    ['values that the form does not allow', { values: { city: 7 } }, 'values'],
    ['values that are no object', { values: ['Oslo'] }, 'values'],
    ['a text in place of values', { answer: 'Oslo' }, 'answer'],
    ['values and a refusal', { values: { city: 'Oslo' }, decline: true }, 'decline'],
    ['nothing', { answer: null, values: null, decline: false }, 'answer'],
  ])('refuses %s, and stays pending', async (_, answer, path) => {
    const chat = newChats([newAskingTool()], [call])
    const stream = await chat.start('Book.')
    const { id } = await waitForOnlyPending(chat.chats, 'clarification')
    await expect(chat.chats.decisions.answerClarification(id, answer)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: [path] },
    })
    await chat.chats.decisions.answerClarification(id, { decline: true })
    await waitForEnd(chat, stream)
  })

  test('expires, and the tool is told', async () => {
    const chat = newChats([newAskingTool()], [call], { decisionTimeoutMs: 20 })
    const stream = await chat.start('Book.')
    await waitForEnd(chat, stream)
    expect(await listStoredDecisions(chat)).toMatchObject([{ state: 'EXPIRED', answer: null }])
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'SUCCEEDED', result: 'cancelled' }])
  })

  test('may take longer than the tool', async () => {
    const chat = newChats([newAskingTool()], [call], { decisionTimeoutMs: 300, toolTimeoutMs: 100 })
    const stream = await chat.start('Book.')
    await waitForEnd(chat, stream)
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'SUCCEEDED', result: 'cancelled' }])
  })

  test('is cancelled with its stream, and the tool is told', async () => {
    const answers: ToolQuestionAnswer[] = []
    const chat = newChats([newAskingTool(question, answers)], [call])
    const stream = await chat.start('Book.')
    await waitForOnlyPending(chat.chats, 'clarification')
    await chat.chats.cancel(stream.id)
    await waitForEnd(chat, stream)
    expect(answers).toEqual([{ type: 'cancelled' }])
    expect(await listStoredDecisions(chat)).toMatchObject([{ state: 'CANCELLED' }])
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'CANCELLED' }])
  })

  test('at a crash is CANCELLED, and the outcome of its call unknown', async () => {
    const chat = newChats([newAskingTool()], [call])
    const stream = await chat.start('Book.')
    await waitForOnlyPending(chat.chats, 'clarification')
    const after = await restartAfterCrash(chat.home)
    expect(await listStoredDecisions(after)).toMatchObject([{ state: 'CANCELLED' }])
    expect(await listStoredCalls(after, stream.id)).toMatchObject([{ state: 'OUTCOME_UNKNOWN' }])
    await chat.chats.cancel(stream.id)
  })

  test('is CANCELLED when its call ends without the answer, also if there are several', async () => {
    const answers: ToolQuestionAnswer[] = []
    const tool = newTool({
      name: 'trips__book',
      isReadOnly: true,
      execute: async (_input, { askUser }) => {
        for (const text of ['One?', 'Two?'])
          void askUser({ ...question, question: text }).then((answer) => answers.push(answer))
        await waitForPending(chat.chats, 'clarification', 2)
        throw new ToolError('Booked out.')
      },
    })
    const chat = newChats([tool], [call])
    const stream = await chat.start('Book.')
    expect((await waitForEnd(chat, stream)).status).toBe('COMPLETED')
    expect(await listStoredDecisions(chat)).toMatchObject([{ state: 'CANCELLED' }, { state: 'CANCELLED' }])
    expect(await listStoredCalls(chat, stream.id)).toMatchObject([{ state: 'FAILED', error: 'Booked out.' }])
    expect(answers).toEqual([{ type: 'cancelled' }, { type: 'cancelled' }])
  })

  test('is not asked once its call has ended', async () => {
    const late = Promise.withResolvers<ToolQuestionAnswer>()
    const tool = newTool({
      name: 'trips__book',
      isReadOnly: true,
      execute: async (_input, { askUser }) => {
        setImmediate(() => void chat.chats.decisions.list('approval', {}).then(() => late.resolve(askUser(question))))
        return 'booked'
      },
    })
    const chat = newChats([tool], [call])
    await waitForEnd(chat, await chat.start('Book.'))
    expect(await late.promise).toEqual({ type: 'cancelled' })
    expect(await listStoredDecisions(chat)).toEqual([])
  })
})

test('a question of the model can be declined: its call fails', async () => {
  const chat = newChats([], [newToolCallRequest('clarify', '{"question":"Which one?"}')])
  const stream = await chat.start('Ask.')
  const { id } = await waitForOnlyPending(chat.chats, 'clarification')
  await chat.chats.decisions.answerClarification(id, { decline: true })
  await waitForEnd(chat, stream)
  expect(await listStoredCalls(chat, stream.id)).toMatchObject([
    { state: 'FAILED', error: 'The user declined to answer.' },
  ])
})
