import { describe, expect, test } from 'vitest'
import { type ChatEvent, type ChatMessage, foldChatEvent } from '../../src/index.ts'
import { toChatEvent } from '../../src/wire/to-chat-event.ts'
import { toChatMessage } from '../../src/wire/to-message.ts'

let seq = 0
const base = { at: 1000, sessionId: 'ses_1', streamId: 'str_1', messageId: 'msg_1' }
const text = (partIndex: number, offset: number, words: string, messageId = 'msg_1'): ChatEvent => ({
  ...base,
  messageId,
  type: 'TextDelta',
  seq: (seq += 1),
  partIndex,
  offset,
  text: words,
})

const fold = (...events: readonly ChatEvent[]): ChatMessage | null =>
  events.reduce<ChatMessage | null>((message, event) => foldChatEvent(message, event), null)

const getTexts = (message: ChatMessage | null): string[] =>
  (message?.parts ?? []).map((part) => ('text' in part ? part.text : part.type))

describe('the fold', () => {
  test('keeps the parts that an event does not change', () => {
    const before = fold(text(0, 0, 'Hello'), text(1, 0, 'World'))
    const after = foldChatEvent(before, text(1, 5, '!'))
    expect(getTexts(after)).toEqual(['Hello', 'World!'])
    expect(after?.parts[0]).toBe(before?.parts[0])
    expect(getTexts(before)).toEqual(['Hello', 'World'])
  })

  test('returns the same message for an event that changes nothing', () => {
    const message = fold(text(0, 0, 'Hello'), text(0, 5, ' World'))
    expect(foldChatEvent(message, text(0, 0, 'Hello'))).toBe(message)
    expect(foldChatEvent(message, text(0, 0, 'Hello World'))).toBe(message)
    const changed: ChatEvent = {
      ...base,
      type: 'SessionChanged',
      seq: 9,
      session: { id: 'ses_1', title: 'A', model: null, effort: null, compacting: false, context: null },
    }
    expect(foldChatEvent(message, changed)).toBe(message)
  })

  test('begins anew with the message of another stream', () => {
    expect(getTexts(fold(text(0, 0, 'One'), text(0, 0, 'Two', 'msg_2')))).toEqual(['Two'])
  })

  test('takes the message of a reset', () => {
    const message = fold(text(0, 0, 'One'))
    const reset: ChatEvent = { ...base, type: 'StreamReset', seq: 3, reason: 'LOG_REMOVED', message: null }
    expect(foldChatEvent(message, reset)).toBeNull()
  })

  test('leaves room for parts of a kind that it does not know', () => {
    expect(getTexts(fold(text(0, 0, 'One'), text(2, 0, 'Three')))).toEqual(['One', '', 'Three'])
  })
})

describe('what a newer server sends', () => {
  test('is left out if it is an event', () => {
    // As JSON arrives: of any type.
    expect(toChatEvent(JSON.parse('{"__typename":"Sneezed","seq":1,"at":"2026-01-01T00:00:00Z"}'))).toBeNull()
  })

  test('is an empty text if it is a part', () => {
    const message = JSON.parse(`{
      "id": "msg_1", "createdAt": "2026-01-01T00:00:00.001Z", "session": {"id": "ses_1"}, "stream": null,
      "parts": [{"__typename": "HologramPart"}, {"__typename": "TextPart", "index": 1, "text": "Hi"}]
    }`)
    const { parts, createdAt } = toChatMessage(message)
    expect(parts).toEqual([
      { type: 'text', text: '' },
      { type: 'text', text: 'Hi' },
    ])
    expect(createdAt).toBe(Date.UTC(2026, 0, 1) + 1)
  })
})
