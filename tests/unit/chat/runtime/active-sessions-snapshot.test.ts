import { describe, expect, test } from 'vitest'
import type { ChatSnapshot } from '../../../../src/chat/chat-snapshot.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'

const getText = (message: MessageRecord | null | undefined): string =>
  message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''

describe('a snapshot of what runs', () => {
  test('that is taken during a commit shows everything as before it, also afterwards', async () => {
    await using chat = newChatFixture(async function* answer() {
      yield { type: 'step', estimatedInputTokens: 1 }
      yield { type: 'text', block: '1', text: 'One' }
      yield { type: 'text', block: '1', text: ', two' }
    })
    const { chats, profile } = chat
    const seen: { readonly snapshot: ChatSnapshot; readonly storedHeadSeq: number; readonly readSeqs: number[] }[] = []
    // The transaction has committed, but nothing in memory knows of it.
    chat.hooks.afterAppend = async ({ sessionId, events }) => {
      if (events.at(-1)?.type !== 'StreamFinished') return
      const storedHeadSeq = (await profile.eventStore.loadHeadSeq(sessionId)) ?? 0
      const read = await chats.eventLog.read({ sessionId, after: 0, limit: 100 })
      seen.push({ snapshot: chats.takeSnapshot(), storedHeadSeq, readSeqs: read.map(({ seq }) => seq) })
    }
    const { id, sessionId } = await chat.start('Count.')
    const end = (await chat.follow(id)).at(-1)
    const [during] = seen
    if (!during) throw new Error('The stream has not ended.')
    using snapshot = during.snapshot
    expect(during.storedHeadSeq).toBe(end?.seq)
    const stream = (await snapshot.findStreams([id])).get(id)
    expect(stream?.status).toBe('RUNNING')
    expect(snapshot.findActiveStream(sessionId)).toEqual(stream)
    const headSeq = snapshot.limitHeadSeq(sessionId, during.storedHeadSeq)
    expect(headSeq).toBeLessThan(during.storedHeadSeq)
    expect(stream?.lastSeq).toBe(headSeq)
    expect(during.readSeqs.at(-1)).toBe(headSeq)
    // What the text lacks follows after the seqs.
    const answer = (await snapshot.messages.findAnswers([id])).get(id)
    expect(answer?.status ?? 'STREAMING').toBe('STREAMING')
    expect('One, two'.startsWith(getText(answer))).toBe(true)
    expect(snapshot.reopen()).toBe(false)

    using later = chats.takeSnapshot()
    expect((await later.findStreams([id])).get(id)?.status).toBe('COMPLETED')
    expect(later.limitHeadSeq(sessionId, during.storedHeadSeq)).toBe(during.storedHeadSeq)
    expect(later.reopen()).toBe(true)
  })

  test('is not observed any more once it is disposed of', async () => {
    await using chat = newChatFixture(async function* answer() {
      yield { type: 'text', block: '1', text: 'One' }
    })
    const snapshot = chat.chats.takeSnapshot()
    expect(chat.chats.eventLog.stats.observers).toBe(1)
    snapshot[Symbol.dispose]()
    expect(chat.chats.eventLog.stats.observers).toBe(0)
  })
})
