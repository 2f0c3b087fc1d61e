import { expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { digestOf } from '../../../../src/chat/log/message-digest.ts'
import { found } from '../../../contract/support/typed-client.ts'
import { newAgentChats } from '../../../support/fixtures/agent-chats.ts'

const sentence = 'Wörter und 🙂 und mehr. '
const long = sentence.repeat(40_000)

async function* answer(): AsyncGenerator<AgentEvent> {
  yield { type: 'reasoning', block: 'a', text: 'thinking' }
  yield { type: 'text', block: 'b', text: long }
  yield { type: 'tool-input', callId: 'c', name: 'nothing', text: '{"a":' }
}

test('an answer that is too long for a row is read from the log: the same by every way, before the merge and after', async () => {
  await using world = newAgentChats(answer)
  const stream = await world.start('go on and on')
  await world.follow(stream.id)
  const ended = found(await world.chats.stream(stream.id))
  const messageId = found(ended.messageId)

  const check = async (): Promise<void> => {
    const message = found(await world.chats.transcripts.message(messageId))
    expect(message).toMatchObject({ status: 'COMPLETE', streamId: stream.id })
    expect(message).not.toHaveProperty('inLog')
    const [reasoning, text, call] = message.parts
    expect(reasoning).toEqual({ type: 'reasoning', text: 'thinking' })
    expect(text?.type === 'text' && text.text === long).toBe(true)
    expect(call).toMatchObject({ type: 'tool', call: { state: 'FAILED', argumentsText: '{"a":' } })

    const digest = digestOf(message.parts)
    const session = found(await world.profile.own.sessionsById([ended.sessionId]).then(([row]) => row))
    const page = await world.chats.transcripts.page(session, { after: null, before: null, limit: 10, backwards: false })
    const again = await world.chats.cancel(stream.id)
    for (const same of [page[1], await world.chats.transcripts.answerOf(stream.id), again.answer]) {
      expect(digestOf(found(same).parts)).toBe(digest)
    }
    const context = await world.chats.modelContext(session)
    expect(context[1]).toMatchObject({ role: 'assistant', content: [{ type: 'text' }] })
    expect(JSON.stringify(context[1])).toContain(sentence.repeat(1000))
  }
  await check()
  const deltas = async () => (await world.log(ended.sessionId)).filter(({ type }) => type === 'TextDelta').length
  const merged = Math.ceil(long.length / 65_536) + 1
  await vi.waitFor(async () => expect(await deltas()).toBeLessThanOrEqual(merged), { timeout: 10_000 })
  await check()
})

test('the row of an answer that is too long for it holds none of it', async () => {
  await using world = newAgentChats(answer)
  const stream = await world.start('go on and on')
  await world.follow(stream.id)
  const { messageId } = found(await world.chats.stream(stream.id))
  expect(await world.profile.own.message(found(messageId))).toMatchObject({ inLog: true, parts: [] })
})
