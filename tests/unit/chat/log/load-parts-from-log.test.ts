import { expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { sha256Hex } from '../../../../src/lib/text/sha256.ts'
import { computeMessageDigest } from '../../../../src/model/fold/message-digest.ts'
import { requireNonNull } from '../../../contract/support/typed-client.ts'
import { newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { waitLimitMs } from '../../../support/vitest-limits.ts'

const sentence = 'Wörter und 🙂 und mehr. '
const long = sentence.repeat(40_000)

async function* answer(): AsyncGenerator<AgentEvent> {
  yield { type: 'reasoning', block: 'a', text: 'thinking' }
  yield { type: 'text', block: 'b', text: long }
  yield { type: 'tool-input', callId: 'c', name: 'nothing', text: '{"a":' }
}

test('an answer that is too long for a row is the same by every query, before and after its log is coalesced', async () => {
  await using world = newChatFixture(answer)
  const stream = await world.start('go on and on')
  await world.follow(stream.id)
  const ended = requireNonNull(await world.chats.findStream(stream.id))
  const messageId = requireNonNull(ended.messageId)

  const check = async (): Promise<void> => {
    const message = requireNonNull(await world.chats.messageQueries.findMessage(messageId))
    expect(message).toMatchObject({ status: 'COMPLETE', streamId: stream.id })
    expect(message).not.toHaveProperty('inLog')
    const [reasoning, text, call] = message.parts
    const times = { startedAt: expect.any(Number), endedAt: expect.any(Number) }
    expect(reasoning).toEqual({ type: 'reasoning', text: 'thinking', ...times })
    expect(text?.type === 'text' && text.text === long).toBe(true)
    expect(call).toMatchObject({ type: 'tool', call: { state: 'FAILED', argumentsText: '{"a":' } })

    const digest = computeMessageDigest(message.parts, sha256Hex)
    const session = requireNonNull(
      await world.profile.segueSessions.findSessions([ended.sessionId]).then(([row]) => row),
    )
    const page = await world.chats.messageQueries.loadPage(session, {
      after: null,
      before: null,
      limit: 10,
      backwards: false,
    })
    const again = await world.chats.cancel(stream.id)
    for (const same of [page[1], await world.chats.messageQueries.findAnswer(stream.id), again.answer]) {
      expect(computeMessageDigest(requireNonNull(same).parts, sha256Hex)).toBe(digest)
    }
    const context = await world.chats.loadModelMessages(session)
    expect(context[1]).toMatchObject({ role: 'assistant', content: [{ type: 'text' }] })
    expect(JSON.stringify(context[1])).toContain(sentence.repeat(1000))
  }
  await check()
  const deltas = async () => (await world.readLog(ended.sessionId)).filter(({ type }) => type === 'TextDelta').length
  const merged = Math.ceil(long.length / 65_536) + 1
  await vi.waitFor(async () => expect(await deltas()).toBeLessThanOrEqual(merged), { timeout: waitLimitMs })
  await check()
})

test('the row of an answer that is too long for it has no parts', async () => {
  await using world = newChatFixture(answer)
  const stream = await world.start('go on and on')
  await world.follow(stream.id)
  const { messageId } = requireNonNull(await world.chats.findStream(stream.id))
  expect(await world.profile.segueSessions.findMessage(requireNonNull(messageId))).toMatchObject({
    inLog: true,
    parts: [],
  })
})
