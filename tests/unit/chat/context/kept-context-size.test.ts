import { rmSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { correctContextSize } from '../../../../src/chat/context/size/correct-context-size.ts'
import { type ChatFixture, newChatFixture, openChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'
import { newHome } from '../../../support/server/segue.ts'

const words = 'word '.repeat(100)

/** Counts how often the messages of a context are read from here on. */
const watchReads = ({ profile }: ChatFixture) => vi.spyOn(profile.segueSessions, 'loadContextMessages')

const measure = async ({ chats, requireSession }: ChatFixture, id: string) =>
  chats.measureContextOrNull(await requireSession(id))

test('The size of a context is kept with the end of an answer: nothing is read for it, also after a restart', async () => {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const chats = openChatFixture(home, textAnswer(words, { estimated: true }, 50))
  const id = await runTurn(chats)
  const reads = watchReads(chats)
  const size = await measure(chats, id)
  expect(size?.tokens).toBeGreaterThan(140)
  expect(size?.tokens).toBeLessThan(170)
  expect(reads).not.toHaveBeenCalled()
  await chats[Symbol.asyncDispose]()

  await using again = openChatFixture(home)
  const later = watchReads(again)
  expect(await measure(again, id)).toEqual(size)
  expect(later).not.toHaveBeenCalled()
})

test('A size that is not known is counted once, and then kept until the next commit', async () => {
  await using chats = newChatFixture(textAnswer(words))
  const id = await runTurn(chats)
  await chats.chats.sessionManagement.update([id], { instructions: 'Be brief.' })
  const reads = watchReads(chats)
  const counted = await measure(chats, id)
  expect(reads).toHaveBeenCalledTimes(1)
  expect(await measure(chats, id)).toEqual(counted)
  expect(await measure(chats, id)).toEqual(counted)
  expect(reads).toHaveBeenCalledTimes(1)
})

test('A size that was counted while a commit changed the session is not kept', async () => {
  await using chats = newChatFixture(textAnswer(words))
  const id = await runTurn(chats)
  const before = await chats.requireSession(id)
  const size = await measure(chats, id)
  await runTurn(chats, id)
  const after = await chats.requireSession(id)
  if (!size) throw new Error('The size is missing.')
  await chats.profile.contextSizes.storeContextSize(id, before.headSeq, { ...size, tokens: 1 })
  expect((await chats.requireSession(id)).contextSize).toEqual(after.contextSize)
})

test('While an answer is made, its size grows with what is committed, without reading the session', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  await using chats = newChatFixture(async function* (run) {
    await run.loadHistory()
    yield { type: 'step', estimatedInputTokens: 50 }
    yield { type: 'text', block: '1', text: words }
    await released
    yield { type: 'text', block: '1', text: words }
  })
  const { id, sessionId } = await chats.start('Hi')
  const events = await chats.chats.subscriptions.subscribeToStream(id, 0)
  for await (const event of events) if (event.type === 'TextDelta') break
  const reads = watchReads(chats)
  const half = await measure(chats, sessionId)
  expect(half).toMatchObject({ estimated: true })
  expect(half?.tokens).toBeGreaterThan(140)
  release()
  await chats.follow(id)
  const whole = await measure(chats, sessionId)
  expect(whole?.tokens).toBeGreaterThan((half?.tokens ?? 0) + 90)
  expect(reads).not.toHaveBeenCalled()
})

const size = {
  model: 'test/model',
  tokens: 1_000,
  instructions: 100,
  tools: 200,
  history: 700,
  scale: 1,
  estimated: false,
}

test('A size whose tools or instructions have changed since has those of now', () => {
  expect(correctContextSize(size, { instructions: 100, tools: 200, scale: 1 })).toBe(size)
  const more = correctContextSize(size, { instructions: 100, tools: 350, scale: 1 })
  expect(more).toEqual({ ...size, tools: 350, tokens: 1_150, estimated: true })
  const none = correctContextSize(size, { instructions: 0, tools: 200, scale: 1 })
  expect(none).toEqual({ ...size, instructions: 0, tokens: 900, estimated: true })
})

test('A size stays as the provider has counted it when only more is known of its tokens', () => {
  expect(correctContextSize(size, { instructions: 130, tools: 260, scale: 1.3 })).toBe(size)
  expect(correctContextSize({ ...size, scale: null }, { instructions: 101, tools: 199, scale: 1.3 })).toMatchObject({
    estimated: false,
  })
})
