import { describe, expect, test } from 'vitest'
import type { SessionRecord } from '../../../../src/model/session.ts'
import {
  deriveConversationTitle,
  inheritTitle,
  isRenamed,
  normalizeTitle,
} from '../../../../src/model/conversation/title.ts'
import { newSessionRecord } from '../../../support/sessions/session-record.ts'

describe('a title that a person enters', () => {
  test('becomes one line without control characters', () => {
    expect(normalizeTitle(' On\u0007 \r\n\ttrees\u2028and \ud800 woods ')).toBe('On trees and \ufffd woods')
  })

  test('must have a visible character, and at most 200', () => {
    expect(normalizeTitle('x'.repeat(200))).toHaveLength(200)
    for (const title of ['', ' \n\u0000', 'x'.repeat(201)]) {
      expect(() => normalizeTitle(title)).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT', details: { path: ['input', 'title'] } }),
      )
    }
  })
})

describe('an inherited title', () => {
  const titled = (fields: Partial<SessionRecord>) => newSessionRecord({ id: 'a', ...fields })

  test("keeps its source, and counts as a person's if it comes from Hermes", () => {
    expect(inheritTitle(titled({ origin: 'SEGUE', title: 'Trees', titleSource: 'MODEL' }))).toEqual({
      title: 'Trees',
      titleSource: 'MODEL',
    })
    expect(inheritTitle(titled({ origin: 'HERMES', title: 'Trees', titleSource: 'MODEL' }))).toEqual({
      title: 'Trees',
      titleSource: 'PERSON',
    })
  })

  test('is null if there is none', () => {
    const none = { title: null, titleSource: null }
    expect(inheritTitle(null)).toEqual(none)
    expect(inheritTitle(titled({ title: null, titleSource: 'MODEL' }))).toEqual(none)
  })
})

describe('the title of a conversation', () => {
  const derive = (root: Partial<SessionRecord>, tip: Partial<SessionRecord>): string | null =>
    deriveConversationTitle({
      root: newSessionRecord({ id: 'root', ...root }),
      tip: newSessionRecord({ id: 'tip', ...tip }),
    })

  test.each([
    ['Trees', 'Trees', 'Trees'],
    ['Trees', 'Trees #2', 'Trees'],
    ['Trees #2', 'Trees #3', 'Trees #2'],
    ['Trees', null, 'Trees'],
    [null, 'Trees #2', 'Trees #2'],
    [null, null, null],
    ['Trees', 'Woods', 'Trees'],
  ])('whose root is called %j and whose tip is called %j is %j', (root, tip, expected) => {
    expect(derive({ title: root }, { title: tip })).toBe(expected)
    expect(derive({ title: root }, { title: tip, titleSource: 'PERSON' })).toBe(expected)
  })

  test('is the one that a person gave it', () => {
    const [root, tip] = [{ title: 'Trees' }, { title: 'Woods' }]
    expect(deriveConversationTitle({ givenTitle: 'Bees', root, tip })).toBe('Bees')
    expect(deriveConversationTitle({ givenTitle: null, root, tip })).toBe('Trees')
  })
})

test.each([
  ['Trees', 'Trees', false],
  ['Trees', 'Trees #2', false],
  ['Trees #2', 'Trees #3', false],
  ['Trees', null, false],
  ['Trees', 'Woods', true],
  [null, 'Woods', true],
  ['Trees', 'Trees #two', true],
  ['Trees', 'Trees #2 and #3', true],
])('of a root called %j, a tip called %j is renamed: %j', (root, tip, expected) => {
  const isRenamedBy = (titleSource: SessionRecord['titleSource']) =>
    isRenamed({ title: root, titleSource: null }, { title: tip, titleSource })
  expect([isRenamedBy(null), isRenamedBy('PERSON')]).toEqual([expected, expected])
  expect([isRenamedBy('MODEL'), isRenamedBy('MESSAGE')]).toEqual([false, false])
})
