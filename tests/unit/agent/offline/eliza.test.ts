import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerAsEliza } from '../../../../src/agent/offline/eliza.ts'
import { wordGroups, keywords, neutralReplies } from '../../../../src/agent/offline/eliza-script.ts'
import { reflectPronouns } from '../../../../src/agent/offline/reflect-pronouns.ts'
import { splitUtteranceClauses, matchElizaPattern } from '../../../../src/agent/offline/match-eliza-pattern.ts'

const say = (...texts: string[]): string => answerAsEliza(texts).reply
const trace = (...texts: string[]): string => answerAsEliza(texts).trace.join(' ')
const words = (text: string): string[] => text.split(/\s+/)
const clause = (text: string) => splitUtteranceClauses(text)[0] ?? []
const pieces = (text: string, pattern: string) =>
  matchElizaPattern(clause(text), pattern)?.map((piece) => piece.map((word) => word.text).join(' ')) ?? null

describe('an answer', () => {
  test('depends only on the texts', () => {
    const texts = ['Hello', 'My cat is ill', 'I feel sad', 'hm', 'Yes']
    expect(answerAsEliza(texts)).toEqual(answerAsEliza([...texts]))
  })

  test('repeats the text with first and second person exchanged', () => {
    expect(say("You don't argue with me")).toContain('that I do not argue with you')
    expect(say('I want you to listen')).toContain('me to listen')
  })

  test('follows the keyword with the highest rank, wherever it is', () => {
    expect(trace('I think my mother is right')).toMatch(/^Keyword "mother"/)
    expect(trace('My mother is what I think of')).toMatch(/^Keyword "mother"/)
  })

  test('uses the replies of a rule in turn', () => {
    const replies = [1, 2, 3, 4].map((count) => say(...Array.from({ length: count }, () => 'hello')))
    expect(new Set(replies.slice(0, 3)).size).toBe(3)
    expect(replies[3]).toBe(replies[0])
  })

  test('follows a link from one keyword to another', () => {
    expect(trace('Why is that so')).toMatch(/Pattern `.*` links to "what"\./)
  })

  test('falls back to the next keyword if no rule of the first matches', () => {
    expect(trace('Who is at the door')).toMatch(/^Keyword "who", rank 1\./)
    expect(trace('I was there, since it rained')).toMatch(/^Keyword "was"/)
    expect(trace('Was it my cat')).toMatch(/^Keyword "my"/)
  })

  test('responds to the first clause with a keyword', () => {
    expect(trace('It rained; I am sad. My mother came')).toMatch(/^Keyword "i"/)
    expect(trace('It rained but my mother came')).toMatch(/^Keyword "mother"/)
  })

  test('uses remembered remarks if no keyword matches, the oldest first and each once', () => {
    const before = ['My cat is ill', 'My garden is dry']
    expect(say(...before, 'Hmm')).toContain('your cat is ill')
    expect(say(...before, 'Hmm', 'Hmm')).toContain('your garden is dry')
    expect(neutralReplies).toContain(say(...before, 'Hmm', 'Hmm', 'Hmm'))
  })

  test.each(['', '   ', '...', '🙂', '?!', 'xyzzy', '你好', '__proto__ constructor toString', '\ud800'])(
    'is neutral for %j, which has no keyword',
    (text) => expect(neutralReplies).toContain(say(text)),
  )

  test('to a goodbye is a goodbye, but not if it is only mentioned', () => {
    for (const text of ['Goodbye', 'bye!', 'Goodbye, Eliza.', 'Bye for now', 'quit']) {
      expect(say(text)).toMatch(/^(Goodbye|Farewell|Until)/)
    }
    expect(trace('I want to quit smoking')).toMatch(/"i"/)
    expect(trace('I said goodbye to my mother')).toMatch(/"mother"/)
  })

  test.each([
    'Who are you?',
    'What are you?',
    'what are you really',
    'Tell me about yourself',
    'What is ELIZA?',
    'Are you a robot?',
    'who made you',
    'How do you work?',
  ])('to %s is long, so that it can be cancelled', (text) => {
    for (const texts of [[text], [text, text]]) {
      const reply = say(...texts)
      expect(words(reply).length).toBeGreaterThanOrEqual(100)
      expect(reply.split(/[.?]\s/).length).toBeGreaterThanOrEqual(5)
      expect(reply).toContain('Weizenbaum')
    }
  })

  test.each([
    'What are you doing?',
    'Hello Eliza',
    'Eliza, I am sad',
    'Thank you, Eliza',
    'Who is that?',
    'I love you, Eliza',
  ])('to %s is not about itself', (text) => expect(words(say(text)).length).toBeLessThan(30))

  test.each(["I CAN'T SLEEP", 'I can’t sleep', 'i cant sleep'])('does not depend on the spelling: %s', (text) => {
    expect(trace(text)).toMatch(/^Keyword "sleep"/)
  })

  test('is a sentence of limited length for any text', () => {
    const vocabulary = [...keywords.flatMap((keyword) => keyword.words), ...Object.values(wordGroups).flat()]
    const text = fc.array(
      fc.oneof(fc.constantFrom(...vocabulary, ',', '.', 'but', 'me', 'not'), fc.string({ unit: 'binary' })),
    )
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
        const { reply, trace: why } = answerAsEliza(texts.map((parts) => parts.join(' ')))
        expect(reply).toMatch(/^\S(?:.*\S)?$/su)
        expect(reply).not.toMatch(/\$\d|undefined| {2}/)
        expect(reply.isWellFormed()).toBe(true)
        expect(reply.length).toBeLessThan(10_000)
        expect(why.length).toBeGreaterThan(0)
      }),
    )
  })

  test('takes little time for any text', () => {
    const began = performance.now()
    answerAsEliza(Array.from({ length: 20 }, () => 'i my you if are '.repeat(10_000)))
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

describe('the trace', () => {
  test('names the keyword, the pattern and the reply', () => {
    expect(trace('I am sad')).toBe(
      'Keyword "i", rank 1. Pattern "* i am * @low *" fits. Reply 1 of 3: "It is not easy to be $5. Since when is it so?"',
    )
  })

  test('has 8 to 40 words', () => {
    const texts = [
      'hello',
      'hm',
      'My mother',
      'who are you',
      'help me',
      'hm',
      'hm',
      'I need some rest',
      'why',
      'Are you a robot',
    ]
    for (const [index] of texts.entries()) {
      const { length } = words(trace(...texts.slice(0, index + 1)))
      expect(length).toBeGreaterThanOrEqual(8)
      expect(length).toBeLessThanOrEqual(40)
    }
  })
})

describe('the script', () => {
  const rules = keywords.flatMap((keyword) => [...keyword.rules, ...(keyword.memory ? [keyword.memory] : [])])

  test('has about 35 keywords', () => {
    expect(keywords.length).toBeGreaterThanOrEqual(33)
  })

  test('links only to existing keywords', () => {
    const names = keywords.map((keyword) => keyword.words[0])
    for (const [, ...replies] of rules) {
      for (const reply of replies) if (typeof reply === 'object' && reply) expect(names).toContain(reply.link)
    }
  })

  test('has no cyclic links', () => {
    const linksOf = (name: string, linked: readonly string[]): void => {
      expect(linked).not.toContain(name)
      const keyword = keywords.find(({ words: [first] }) => first === name)
      for (const [, ...replies] of keyword?.rules ?? []) {
        for (const reply of replies) if (typeof reply === 'object' && reply) linksOf(reply.link, [...linked, name])
      }
    }
    for (const {
      words: [name],
    } of keywords)
      linksOf(name, [])
  })

  test('refers only to existing groups and elements', () => {
    for (const [pattern, ...replies] of rules) {
      const elements = pattern.split(' ')
      for (const element of elements) if (element.startsWith('@')) expect(wordGroups).toHaveProperty(element.slice(1))
      for (const reply of replies) {
        if (typeof reply !== 'string') continue
        for (const [, number] of reply.matchAll(/\$(\d)/g)) expect(Number(number)).toBeLessThanOrEqual(elements.length)
      }
    }
  })
})

describe('decomposition', () => {
  test('matches as few words as possible with each *', () => {
    expect(pieces('well I know that I am here', '* i *')).toEqual(['well', 'I', 'know that I am here'])
    expect(pieces('I am very very sad today', '* i am * @low *')).toEqual(['', 'I', 'am', 'very very', 'sad', 'today'])
  })

  test('returns null if the pattern does not match', () => {
    expect(pieces('I am here', 'i')).toBeNull()
    expect(pieces('I am', '* am @low')).toBeNull()
    expect(pieces('I', '* i am')).toBeNull()
  })

  test('matches any of several alternatives', () => {
    expect(pieces('hi there', 'hello|hi *')).toEqual(['hi', 'there'])
  })
})

describe('reflection', () => {
  test.each([
    ['I am my own enemy', 'you are your own enemy'],
    ['you are wrong', 'I am wrong'],
    ['I told you', 'you told me'],
    ['you told me', 'I told you'],
    ['love you very much', 'love me very much'],
    ['when I was with you', 'when you were with me'],
    ['you were late', 'I was late'],
    ['are you sure of yourself', 'am I sure of myself'],
    ['Paris is mine', 'Paris is yours'],
  ])('turns %s into %s', (text, reflected) => expect(reflectPronouns(clause(text))).toBe(reflected))
})
