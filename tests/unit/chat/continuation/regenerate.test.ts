import type { ModelMessage } from 'ai'
import { afterEach, describe, expect, test } from 'vitest'
import { noUsage } from '../../../../src/model/usage.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import {
  type ChatFixture,
  openChatFixture,
  type ChatFixtureOptions,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
  newChatFixtureWith,
} from '../../../support/fixtures/chats/agent-chats.ts'
import { readSessionRows } from '../../../support/storage/session-rows.ts'
import { textAnswer, modelMessage, runTurn } from '../../../support/fixtures/scripted-answers.ts'

import { listSessions, listMessages, loadContext, findMessageBy } from '../../../support/fixtures/chats/fork-chats.ts'

const forever = new Promise<never>(() => {})
const { text, user, assistant, summary } = modelMessage
const picture = { name: 'dot.png', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' }

let opened: ChatFixture[] = []
afterEach(async () => {
  for (const chats of opened.splice(0)) await chats[Symbol.asyncDispose]()
})

function open(options: ChatFixtureOptions, ...answers: ScriptedAnswer[]): ChatFixture {
  const chats = newChatFixtureWith(options, ...answers)
  opened.push(chats)
  return chats
}

describe('regenerating', () => {
  /** A session with three turns, and what the model was sent in each. */
  async function newTalk() {
    const sent: ModelMessage[][] = []
    const answers = ['One.', 'Two.', 'Three.', 'Again.']
    const chats = open({}, async function* (run) {
      sent.push([...(await run.loadHistory())])
      yield { type: 'text', block: '1', text: answers[sent.length - 1] ?? 'Again.' }
    })
    const id = await runTurn(chats, null, 'First')
    await runTurn(chats, id, 'Second')
    await runTurn(chats, id, 'Third')
    return { chats, id, sent, old: readSessionRows(chats.home, id) }
  }

  test.each([
    ['the question, as it was', 'Second', null, 'Second'],
    ['the question, with another text', 'Second', 'Other', 'Other'],
    ['the answer, as it was', 'Two.', null, 'Second'],
    ['the answer, with another text', 'Two.', 'Other \ud83d', 'Other \ufffd'],
  ])('%s repeats its turn in a retry that ends before it', async (_, at, newText, sentText) => {
    const { chats, id, sent, old } = await newTalk()
    const stream = await chats.chats.regenerate((await findMessageBy(chats, id, at)).id, { text: newText })
    expect(stream).toMatchObject({ status: 'RUNNING', firstSeq: 1 })
    expect(stream.sessionId).not.toBe(id)
    await chats.follow(stream.id)
    expect(sent.at(-1)).toEqual([user('First'), assistant('One.'), user(sentText)])
    expect(await loadContext(chats, stream.sessionId)).toEqual([...(sent.at(-1) ?? []), assistant('Again.')])
    const retry = await chats.requireSession(stream.sessionId)
    expect(retry).toMatchObject({
      title: 'First',
      forkedFrom: null,
      retryOf: (await findMessageBy(chats, id, 'Second')).id,
      takesPlaceOf: id,
      parentId: null,
    })
    expect(await chats.sessions.countMessages([retry])).toEqual(new Map([[retry.id, 4]]))
    expect(readSessionRows(chats.home, id)).toEqual(old)
    await runTurn(chats, stream.sessionId, 'Further')
    expect(readSessionRows(chats.home, id)).toEqual(old)
  })

  test.each([
    ['First', null],
    ['One.', 'Other'],
  ])('the first turn, by %j, starts with an empty session', async (at, newText) => {
    const { chats, id, sent } = await newTalk()
    const stream = await chats.chats.regenerate((await findMessageBy(chats, id, at)).id, { text: newText })
    await chats.follow(stream.id)
    expect(sent.at(-1)).toEqual([user(newText ?? 'First')])
    expect(await listMessages(chats, stream.sessionId)).toHaveLength(2)
  })

  test('a regenerated answer repeats the same question', async () => {
    const { chats, id } = await newTalk()
    const first = await chats.chats.regenerate((await findMessageBy(chats, id, 'Two.')).id, { text: 'Other' })
    await chats.follow(first.id)
    const second = await chats.chats.regenerate((await findMessageBy(chats, first.sessionId, 'Again.')).id, {})
    await chats.follow(second.id)
    expect(await loadContext(chats, second.sessionId)).toEqual([
      user('First'),
      assistant('One.'),
      user('Other'),
      assistant('Again.'),
    ])
    // A copied turn can be regenerated in the retry as well.
    const third = await chats.chats.regenerate((await findMessageBy(chats, second.sessionId, 'One.')).id, {})
    await chats.follow(third.id)
    expect(await loadContext(chats, third.sessionId)).toEqual([user('First'), assistant('Again.')])
  })

  test('keeps the files of the message, with the old and with a new text', async () => {
    const chats = open({}, textAnswer('A dot.'))
    const stream = await chats.start('What is this?', { files: [picture] })
    await chats.follow(stream.id)
    const [question] = await listMessages(chats, stream.sessionId)
    for (const newText of [null, 'Once more?']) {
      const again = await chats.chats.regenerate(question?.id ?? '', { text: newText })
      await chats.follow(again.id)
      const [copy] = await listMessages(chats, again.sessionId)
      const file = question?.parts[1]
      expect(copy?.parts).toEqual([text(newText ?? 'What is this?'), file])
      expect(JSON.stringify(await loadContext(chats, again.sessionId))).toContain(`/files/${copy?.id}/1`)
    }
    const textless = await chats.start('', { files: [picture] })
    await chats.follow(textless.id)
    const again = await chats.chats.regenerate(textless.userMessageId, {})
    await chats.follow(again.id)
    expect((await listMessages(chats, again.sessionId))[0]?.parts).toHaveLength(1)
  })

  test('a running turn starts another one, and does not affect it', async () => {
    const latch = newLatch()
    const chats = open(
      {},
      async function* () {
        yield { type: 'text', block: '1', text: 'Half' }
        await latch.opened
        yield { type: 'text', block: '1', text: ' and half' }
      },
      textAnswer('Again.'),
    )
    const stream = await chats.start('First')
    const again = await chats.chats.regenerate(stream.userMessageId, {})
    await chats.follow(again.id)
    expect(await loadContext(chats, again.sessionId)).toEqual([user('First'), assistant('Again.')])
    latch.open()
    await chats.follow(stream.id)
    expect(await loadContext(chats, stream.sessionId)).toEqual([user('First'), assistant('Half and half')])
  })

  test('a turn of a continued session repeats it in a fork of that session', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('One.'),
      textAnswer('Two.'),
      textAnswer('Again.'),
    )
    const id = await runTurn(chats, null, 'First')
    const next = await chats.chats.compact(id, null)
    await runTurn(chats, next.id, 'Second')
    const old = [readSessionRows(chats.home, id), readSessionRows(chats.home, next.id)]
    const before = await chats.chats.regenerate((await findMessageBy(chats, id, 'One.')).id, {})
    await chats.follow(before.id)
    expect(await loadContext(chats, before.sessionId)).toEqual([user('First'), assistant('Again.')])
    const after = await chats.chats.regenerate((await findMessageBy(chats, next.id, 'Two.')).id, {})
    await chats.follow(after.id)
    expect(await loadContext(chats, after.sessionId)).toEqual([
      summary('In short.', { quotes: ['First'], next: 'Second' }),
      assistant('Again.'),
    ])
    expect([readSessionRows(chats.home, id), readSessionRows(chats.home, next.id)]).toEqual(old)
  })

  test('with a key starts one stream, for simultaneous and later requests, and is a mismatch for other input', async () => {
    const { chats, id, sent } = await newTalk()
    const [question, answer] = [await findMessageBy(chats, id, 'Second'), await findMessageBy(chats, id, 'Two.')]
    const tries = await Promise.all(Array.from({ length: 5 }, () => chats.keyed.regenerate(question.id, null, 'k')))
    expect(new Set(tries.map((stream) => stream.id)).size).toBe(1)
    const [stream] = tries
    await chats.follow(stream?.id ?? '')
    expect((await chats.keyed.regenerate(question.id, null, 'k')).id).toBe(stream?.id)
    expect(sent).toHaveLength(4)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH', details: { streamId: stream?.id } }
    for (const request of [
      chats.keyed.regenerate(answer.id, null, 'k'),
      chats.keyed.regenerate(question.id, 'Second', 'k'),
      chats.start('Second', { key: 'k' }),
      chats.keyed.compact(id, 'k'),
    ]) {
      await expect(request).rejects.toMatchObject(mismatch)
    }
    expect((await listSessions(chats)).length).toBe(2)
    // The key of a chat cannot be used to regenerate.
    const chat = await chats.start('Hi', { key: 'chat' })
    await expect(chats.keyed.regenerate(question.id, null, 'chat')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      details: { streamId: chat.id },
    })
  })

  test('with an invalid text is refused, and the key stays unused', async () => {
    const { chats, id } = await newTalk()
    const question = await findMessageBy(chats, id, 'Second')
    const path = { details: { path: ['text'] } }
    for (const blank of ['', ' \n ']) {
      await expect(chats.keyed.regenerate(question.id, blank, 'k')).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        ...path,
      })
    }
    await expect(chats.keyed.regenerate(question.id, 'x'.repeat(1_000_001), 'k')).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
    expect(await listSessions(chats)).toHaveLength(1)
    expect((await chats.keyed.regenerate(question.id, null, 'k')).status).toBe('RUNNING')
  })

  test('leaves neither a session nor a key if it cannot be stored', async () => {
    const { chats, id, old } = await newTalk()
    const question = await findMessageBy(chats, id, 'Second')
    chats.hooks.beforeAppend = () => {
      throw new Error('disk full')
    }
    await expect(chats.keyed.regenerate(question.id, null, 'k')).rejects.toThrow('disk full')
    delete chats.hooks.beforeAppend
    expect(await listSessions(chats)).toHaveLength(1)
    expect(readSessionRows(chats.home, id)).toEqual(old)
    expect((await chats.keyed.regenerate(question.id, 'Other', 'k')).status).toBe('RUNNING')
  })

  test('is stored with its fork and key, or not at all, if the process dies', async () => {
    for (const when of ['beforeAppend', 'afterAppend'] as const) {
      const chats = newChatFixture(textAnswer('One.'))
      const id = await runTurn(chats, null, 'First')
      const crashed = newLatch()
      chats.hooks[when] = () => {
        crashed.open()
        return forever
      }
      const [question] = await listMessages(chats, id)
      chats.keyed.regenerate(question?.id ?? '', 'Other', 'k').catch(() => undefined)
      await crashed.opened
      await using again = openChatFixture(chats.home, textAnswer('Two.'))
      expect(await again.chats.recover()).toBe(when === 'beforeAppend' ? 0 : 1)
      expect(await listSessions(again)).toHaveLength(when === 'beforeAppend' ? 1 : 2)
      const stream: StreamRecord = await again.keyed.regenerate(question?.id ?? '', 'Other', 'k')
      expect(stream.status).toBe(when === 'beforeAppend' ? 'RUNNING' : 'INTERRUPTED')
      await chats.profile.close()
    }
  })
})
