import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ThinkTagParser, type ThinkTagTextSpan } from '../../../../src/agent/model-agent/think-tag-parser.ts'

function split(chunks: readonly string[]): ThinkTagTextSpan[] {
  const parser = new ThinkTagParser()
  const spans = [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.flush()]
  const joined: ThinkTagTextSpan[] = []
  for (const span of spans) {
    const last = joined.at(-1)
    if (last?.spanIndex === span.spanIndex) joined[joined.length - 1] = { ...last, text: last.text + span.text }
    else joined.push(span)
  }
  return joined
}

const splitKinds = (chunks: readonly string[]) => split(chunks).map(({ kind, text }) => [kind, text])

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
    expect(parser.push('See <thi').map(({ text }) => text)).toEqual(['See <thi'])
  })

  test('causes no delay for text that cannot become a tag', () => {
    const parser = new ThinkTagParser()
    expect(parser.push(' <thin').map(({ text }) => text)).toEqual([' '])
    expect(parser.push('g>').map(({ text }) => text)).toEqual(['<thing>'])
    expect(parser.push('1 < 2').map(({ text }) => text)).toEqual(['1 < 2'])
  })

  test('outputs an incomplete tag at the end as text', () => {
    expect(splitKinds(['a', '<thi'])).toEqual([['text', 'a<thi']])
    expect(splitKinds(['<think>a</th'])).toEqual([['reasoning', 'a</th']])
  })

  test('does not begin with a closing tag, and does not nest', () => {
    expect(splitKinds(['a</think>b'])).toEqual([['text', 'a</think>b']])
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
        const spans = split(pieces)
        let rebuilt = ''
        let turn = 0
        for (const span of spans) {
          for (; turn < span.spanIndex; turn += 1) rebuilt += turn % 2 === 0 ? '<think>' : '</think>'
          rebuilt += span.text
        }
        expect(pieces.join('').startsWith(rebuilt)).toBe(true)
        expect(pieces.join('').slice(rebuilt.length)).toMatch(/^(<\/?think>)*$/)
      }),
    )
  })
})
