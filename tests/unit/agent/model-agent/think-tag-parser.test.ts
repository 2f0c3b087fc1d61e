import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ThinkTagParser,
  type ThinkTagOutput,
  type ThinkTagTextSpan,
} from '../../../../src/agent/model-agent/stream-parts/think-tag-parser.ts'

/** The spans of a whole text, with all corrections applied. */
function split(chunks: readonly string[], beginsInThought = false): ThinkTagTextSpan[] {
  const parser = new ThinkTagParser(beginsInThought)
  return joinSpans([...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.flush(), ...parser.endAssumedThought()])
}

function joinSpans(outputs: readonly ThinkTagOutput[]): ThinkTagTextSpan[] {
  let joined: ThinkTagTextSpan[] = []
  for (const output of outputs) {
    const last = joined.at(-1)
    if (output.kind === 'correction') joined = joined.map((span) => ({ ...span, kind: 'reasoning' }))
    else if (last?.spanIndex === output.spanIndex) {
      joined[joined.length - 1] = { ...last, text: last.text + output.text }
    } else joined.push(output)
  }
  return joined
}

const splitKinds = (chunks: readonly string[], beginsInThought = false) =>
  split(chunks, beginsInThought).map(({ kind, text }) => [kind, text])

/** The texts that are output for a chunk. */
const pushTexts = (parser: ThinkTagParser, chunk: string) =>
  parser.push(chunk).flatMap((output) => (output.kind === 'correction' ? [] : [output.text]))

describe('inline thinking', () => {
  test('becomes reasoning at the start, with its white space', () => {
    expect(splitKinds(['<think>a</think>\n\nb'])).toEqual([
      ['reasoning', 'a'],
      ['text', '\n\nb'],
    ])
    expect(splitKinds([' \n<think> a </think> c '])).toEqual([
      ['text', ' \n'],
      ['reasoning', ' a '],
      ['text', ' c '],
    ])
  })

  test('extends to the end if it is not closed', () => {
    expect(splitKinds(['<think>y', ' z'])).toEqual([['reasoning', 'y z']])
  })

  test('may occur twice before the answer, as separate spans', () => {
    expect(splitKinds(['<think>1</think>\n<think>2</think>b'])).toEqual([
      ['reasoning', '1'],
      ['text', '\n'],
      ['reasoning', '2'],
      ['text', 'b'],
    ])
  })

  test.each([
    ['in a code span', 'To hide thoughts, strip everything from `<think>` to `</think>`.'],
    ['in a code span at the start', '`<think>` begins a thought.'],
    ['in a code block', '```js\nconst tag = "<think>"\n```\n\nThat is all.'],
    ['in quotation marks', '"<think>" is a tag.'],
    ['in a quotation', '> <think>\n> Hm.'],
    ['after the answer has started', 'The pattern:\n\n<think>Hm.</think> And so on.'],
    ['that only looks like one', '<thinking>Hm.'],
  ])('does not begin with a tag %s', (_, text) => {
    expect(splitKinds([text])).toEqual([['text', text]])
    expect(splitKinds([...text])).toEqual([['text', text]])
    expect(splitKinds(['<think>Well.</think>', ...text])).toEqual([
      ['reasoning', 'Well.'],
      ['text', text],
    ])
  })

  test('delays no tag within the answer', () => {
    const parser = new ThinkTagParser()
    expect(pushTexts(parser, 'See <thi')).toEqual(['See <thi'])
  })

  test('causes no delay for text that cannot become a tag', () => {
    const parser = new ThinkTagParser()
    expect(pushTexts(parser, ' <thin')).toEqual([' '])
    expect(pushTexts(parser, 'g>')).toEqual(['<thing>'])
    expect(pushTexts(parser, '1 < 2')).toEqual(['1 < 2'])
  })

  test('outputs an incomplete tag at the end as text', () => {
    expect(splitKinds(['a', '<thi'])).toEqual([['text', 'a<thi']])
    expect(splitKinds(['<think>a</th'])).toEqual([['reasoning', 'a</th']])
  })

  test('does not nest', () => {
    expect(splitKinds(['<think>a<think>b</think>c'])).toEqual([
      ['reasoning', 'a<think>b'],
      ['text', 'c'],
    ])
  })

  test('does not depend on the chunks', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', '</', 'think>', 't', ' ', '\n', 'äö', '😀')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.infiniteStream(fc.nat(4)), (pieces, cuts) => {
        const complete = pieces.join('')
        const chunks: string[] = []
        for (let at = 0; at < complete.length;) {
          const length = cuts.next().value
          chunks.push(complete.slice(at, at + length))
          at += length
        }
        expect(split(chunks)).toEqual(split([complete]))
      }),
    )
  })

  test('keeps every character except the tags', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', 'a', ' ', '</thin')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const tags = '(<\\/?think>)*'
        const texts = split(pieces).map(({ text }) => RegExp.escape(text))
        expect(pieces.join('')).toMatch(new RegExp(`^${[tags, ...texts, ''].join(tags)}$`))
      }),
    )
  })
})

describe('a closing tag without an opening one', () => {
  test.each([
    ['Let me see.\n</think>\n\nFour.', 'Let me see.\n', '\n\nFour.'],
    ['Let me see.</think>Four.', 'Let me see.', 'Four.'],
    [
      'Use `x`.\n```js\nx\n```\nGood.\n</think>\nFour, ends with </think>',
      'Use `x`.\n```js\nx\n```\nGood.\n',
      '\nFour, ends with </think>',
    ],
  ])('turns all before it into reasoning: %j', (text, reasoning, answer) => {
    const expected = [
      ['reasoning', reasoning],
      ['text', answer],
    ]
    expect(splitKinds([text])).toEqual(expected)
    expect(splitKinds([...text])).toEqual(expected)
    expect(splitKinds([...text], true)).toEqual(expected)
  })

  test('at the very start ends a thought that was empty', () => {
    expect(splitKinds(['\n</th', 'ink>\n\nFour.'])).toEqual([
      ['text', '\n'],
      ['text', '\n\nFour.'],
    ])
  })

  test.each([
    ['in a code span', 'It ends with `</think>`. Look for that.'],
    ['in a code block', 'The pattern:\n\n```\nHm.\n</think>\n```\n'],
    ['in quotation marks', 'It ends with "</think>".'],
    ['in a quotation', 'It said:\n\n> Hm. </think>\n'],
    ['after an opening one', 'The pattern:\n\n<think>Hm.</think> And so on.'],
  ])('is text %s', (_, text) => {
    expect(splitKinds([text])).toEqual([['text', text]])
    expect(splitKinds([...text])).toEqual([['text', text]])
  })

  test('is text if the model sends its thoughts by other means', () => {
    const parser = new ThinkTagParser()
    parser.excludeBareThought()
    expect(joinSpans(parser.push('a</think>b'))).toMatchObject([{ kind: 'text', text: 'a</think>b' }])
  })
})

describe('a model that is known to begin within a thought', () => {
  test('has its text output as reasoning at once', () => {
    const parser = new ThinkTagParser(true)
    expect(parser.push('\nLet me')).toEqual([{ kind: 'reasoning', spanIndex: 1, text: '\nLet me' }])
    expect(parser.push(' see.</think>Four.')).toEqual([
      { kind: 'reasoning', spanIndex: 1, text: ' see.' },
      { kind: 'text', spanIndex: 2, text: 'Four.' },
    ])
    expect(parser.endAssumedThought()).toEqual([])
  })

  test('may begin with the opening tag nevertheless', () => {
    expect(splitKinds([' <think>Hm.</think>Four.'], true)).toEqual([
      ['text', ' '],
      ['reasoning', 'Hm.'],
      ['text', 'Four.'],
    ])
  })

  test('has answered at once if there is no tag at all: the text follows as text', () => {
    expect(splitKinds(['Fo', 'ur.'], true)).toEqual([
      ['reasoning', 'Four.'],
      ['text', 'Four.'],
    ])
    expect(splitKinds(['<think>Fo', 'ur.'], true)).toEqual([['reasoning', 'Four.']])
  })

  test('answers at once if it sends its thoughts by other means', () => {
    const parser = new ThinkTagParser(true)
    parser.excludeBareThought()
    expect(joinSpans(parser.push('Four.'))).toMatchObject([{ kind: 'text', text: 'Four.' }])
  })
})
