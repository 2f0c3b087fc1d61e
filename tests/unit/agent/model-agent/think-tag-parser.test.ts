import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ThinkTagParser, type TextSpan } from '../../../../src/agent/model-agent/think-tag-parser.ts'

function split(chunks: readonly string[]): TextSpan[] {
  const splitter = new ThinkTagParser()
  const stretches = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()]
  const joined: TextSpan[] = []
  for (const stretch of stretches) {
    const last = joined.at(-1)
    if (last?.spanIndex === stretch.spanIndex) joined[joined.length - 1] = { ...last, text: last.text + stretch.text }
    else joined.push(stretch)
  }
  return joined
}

const said = (chunks: readonly string[]) => split(chunks).map(({ kind, text }) => [kind, text])

describe('inline thinking', () => {
  test('becomes reasoning at the start, in the middle and at the end, and white space stays', () => {
    expect(said(['<think>a</think>\n\nb'])).toEqual([
      ['reasoning', 'a'],
      ['text', '\n\nb'],
    ])
    expect(said([' b <think> a </think> c '])).toEqual([
      ['text', ' b '],
      ['reasoning', ' a '],
      ['text', ' c '],
    ])
  })

  test('is reasoning to the end when it is never closed', () => {
    expect(said(['x<think>y', ' z'])).toEqual([
      ['text', 'x'],
      ['reasoning', 'y z'],
    ])
  })

  test('comes twice, each time a stretch of its own', () => {
    expect(said(['<think>1</think>a<think>2</think>b'])).toEqual([
      ['reasoning', '1'],
      ['text', 'a'],
      ['reasoning', '2'],
      ['text', 'b'],
    ])
  })

  test('holds nothing back that cannot become a tag', () => {
    const splitter = new ThinkTagParser()
    expect(splitter.push('1 < 2').map(({ text }) => text)).toEqual(['1 < 2'])
    expect(splitter.push(' <thin').map(({ text }) => text)).toEqual([' '])
    expect(splitter.push('g>').map(({ text }) => text)).toEqual(['<thing>'])
  })

  test('gives out what it held back when the text ends in the middle of a tag', () => {
    expect(said(['a', '<thi'])).toEqual([['text', 'a<thi']])
    expect(said(['<think>a</th'])).toEqual([['reasoning', 'a</th']])
  })

  test('leaves a closing tag without an opening one, and an opening one within a thought, as they are', () => {
    expect(said(['a</think>b'])).toEqual([['text', 'a</think>b']])
    expect(said(['<think>a<think>b</think>c'])).toEqual([
      ['reasoning', 'a<think>b'],
      ['text', 'c'],
    ])
  })

  test('does not depend on where the chunks are cut', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', '</', 'think>', 't', ' ', '\n', 'äö', '😀')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.infiniteStream(fc.nat(4)), (pieces, cuts) => {
        const whole = pieces.join('')
        const chunks: string[] = []
        for (let at = 0; at < whole.length;) {
          const length = cuts.next().value
          chunks.push(whole.slice(at, at + length))
          at += length
        }
        expect(split(chunks)).toEqual(split([whole]))
      }),
    )
  })

  test('keeps every character except the tags', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', 'a', ' ', '</thin')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const stretches = split(pieces)
        let rebuilt = ''
        let turn = 0
        for (const stretch of stretches) {
          for (; turn < stretch.spanIndex; turn += 1) rebuilt += turn % 2 === 0 ? '<think>' : '</think>'
          rebuilt += stretch.text
        }
        expect(pieces.join('').startsWith(rebuilt)).toBe(true)
        expect(pieces.join('').slice(rebuilt.length)).toMatch(/^(<\/?think>)*$/)
      }),
    )
  })
})
