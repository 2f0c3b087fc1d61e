import { expect, test } from 'vitest'
import type { HermesDb } from '../../../support/hermes/hermes-db.ts'
import type { ChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newCompactionChats, Summaries, summaryUsage } from '../../../support/fixtures/chats/compaction-chats.ts'
import { findMessageBy, listMessages, loadContext } from '../../../support/fixtures/chats/fork-chats.ts'
import { modelMessage, runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'

const { user, assistant, summary } = modelMessage

const newChats = (fillHermes?: (db: HermesDb) => void): ChatFixture =>
  newCompactionChats(
    new Summaries(),
    { contextWindow: 100_000, ...(fillHermes && { fillHermes }) },
    textAnswer('One.'),
    textAnswer('Two.'),
    textAnswer('Three.'),
  )

/** Stores a checkpoint that stands for the messages up to this one, and quotes it. */
async function storeCheckpoint(chats: ChatFixture, sessionId: string, through: string): Promise<void> {
  const { eventStore } = chats.profile
  await eventStore.append({
    sessionId,
    expectedHeadSeq: (await eventStore.loadHeadSeq(sessionId)) ?? 0,
    events: [],
    checkpoint: {
      sessionId,
      summary: { text: 'So far.', quotes: [{ messageId: through, text: 'Quoted.' }], throughMessageId: through },
      model: 'test/model',
      usage: summaryUsage,
      createdAt: 1,
    },
  })
}

/** A session of three turns, with a checkpoint that stands for the first one. */
async function startWithCheckpoint(chats: ChatFixture): Promise<string> {
  const id = await runTurn(chats, null, 'First')
  await runTurn(chats, id, 'Second')
  await runTurn(chats, id, 'Third')
  await storeCheckpoint(chats, id, (await findMessageBy(chats, id, 'One.')).id)
  return id
}

test('a fork behind a checkpoint has all messages, and a copy of the checkpoint for the model', async () => {
  await using chats = newChats()
  const id = await startWithCheckpoint(chats)
  const fork = await chats.chats.fork((await findMessageBy(chats, id, 'Two.')).id)
  const copies = await listMessages(chats, fork.id)
  expect(copies).toHaveLength(4)
  expect(await loadContext(chats, fork.id)).toEqual([
    summary('So far.', { quotes: ['Quoted.'], next: 'Second' }),
    assistant('Two.'),
  ])
  const copied = copies[1]?.id ?? ''
  expect(await chats.profile.eventStore.findContextCheckpoint(fork.id)).toMatchObject({
    sessionId: fork.id,
    summary: { throughMessageId: copied, quotes: [{ messageId: copied }] },
  })
  // The fork does not need the old session.
  await chats.chats.sessionManagement.delete([id])
  expect(await loadContext(chats, fork.id)).toHaveLength(2)
})

test('a retry of a turn behind a checkpoint begins with the checkpoint, one before it does not', async () => {
  await using chats = newChats()
  const id = await startWithCheckpoint(chats)
  const behind = await chats.chats.regenerate((await findMessageBy(chats, id, 'Third')).id, { text: 'Other' })
  await chats.follow(behind.id)
  expect(await loadContext(chats, behind.sessionId)).toEqual([
    summary('So far.', { quotes: ['Quoted.'], next: 'Second' }),
    assistant('Two.'),
    user('Other'),
    assistant('Three.'),
  ])
  const before = await chats.chats.regenerate((await findMessageBy(chats, id, 'First')).id, { text: 'Other' })
  await chats.follow(before.id)
  expect(await loadContext(chats, before.sessionId)).toEqual([user('Other'), assistant('Three.')])
})

test('a fork of a continuation has the summary, and copies of the turns that stayed in the old session', async () => {
  await using chats = newChats()
  const id = await runTurn(chats, null, 'First')
  await runTurn(chats, id, 'Second')
  const continuation = await chats.chats.compact(id, null)
  await runTurn(chats, continuation.id, 'Third')
  const context = await loadContext(chats, continuation.id)
  expect(context).toEqual([
    summary('In short 1.', { quotes: ['First'], next: 'Second' }),
    assistant('Two.'),
    user('Third'),
    assistant('Three.'),
  ])
  const fork = await chats.chats.fork((await findMessageBy(chats, continuation.id, 'Three.')).id)
  expect(await listMessages(chats, continuation.id)).toHaveLength(3)
  expect(await listMessages(chats, fork.id)).toHaveLength(5)
  expect(await loadContext(chats, fork.id)).toEqual(context)
  const [summaryMessage] = await listMessages(chats, continuation.id)
  const atSummary = await chats.chats.fork(summaryMessage?.id ?? '')
  expect(await loadContext(chats, atSummary.id)).toEqual(context.slice(0, 2))
})

test('a fork of a session that continues one of Hermes takes a checkpoint for its messages along', async () => {
  await using chats = newChats((db) => {
    db.addSession('hermes-session', { end_reason: 'cli_close', ended_at: 9 })
    db.addMessage('hermes-session', 2, { content: 'Trees?' })
    db.addMessage('hermes-session', 3, { role: 'assistant', content: 'Oaks.' })
    db.addMessage('hermes-session', 4, { content: 'Fruit?' })
  })
  const { id } = await chats.sessions.create({ title: null, model: null, continues: 'hermes-session' })
  await runTurn(chats, id, 'First')
  const { messages } = await chats.sessions.loadContext(await chats.requireSession(id))
  await storeCheckpoint(chats, id, messages[1]?.id ?? '')
  const context = await loadContext(chats, id)
  expect(context).toEqual([summary('So far.', { quotes: ['Quoted.'], next: 'Fruit?\n\nFirst' }), assistant('One.')])
  const fork = await chats.chats.fork((await findMessageBy(chats, id, 'One.')).id)
  expect(await loadContext(chats, fork.id)).toEqual(context)
  expect(await listMessages(chats, fork.id)).toHaveLength(5)
})
