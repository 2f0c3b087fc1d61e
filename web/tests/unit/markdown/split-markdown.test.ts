import { describe, expect, test } from 'vitest'
import { numberNotes } from '../../../src/chat/markdown/blocks/footnotes.ts'
import { completeSplit } from '../../../src/chat/markdown/blocks/link-definitions.ts'
import { lexMarkdownBlocks } from '../../../src/chat/markdown/blocks/lex-markdown-blocks.ts'
import type { MarkdownBlock } from '../../../src/chat/markdown/blocks/markdown-block.ts'
import { type MarkdownSplit, splitMarkdown } from '../../../src/chat/markdown/blocks/split-markdown.ts'

const manual = `# Title

A paragraph
with two lines, and [a link][later].

Setext
======

- one
- two

  still two

1. first
   \`\`\`ts
   const nested = true

   \`\`\`
2. second

> quoted
continued

| a | b |
|---|---|
| 1 | 2 |

\`\`\`python
def f():

    return "- no list"
\`\`\`

    indented code

$$
a = b

+ c
$$

<div onclick="x()">html</div>

***

[later]: https://example.com 'Later'

The end costs $$ 5.
`

const sourcesOf = ({ groups }: MarkdownSplit): string[] => groups.flat().map(({ source }) => source)

/** The splits of a text that grows by `step` characters. */
function grow(text: string, step: number): MarkdownSplit[] {
  const splits: MarkdownSplit[] = []
  for (let end = step; end < text.length + step; end += step) {
    splits.push(splitMarkdown(splits.at(-1) ?? null, text.slice(0, end)))
  }
  return splits
}

describe('splitMarkdown', () => {
  test('a text that grows has the blocks at each length that it has when it is read at once', () => {
    for (const step of [1, 7, 40]) {
      for (const split of grow(manual.repeat(2), step)) {
        expect(sourcesOf(split)).toEqual(lexMarkdownBlocks(split.source, 0).blocks.map(({ source }) => source))
      }
    }
  })

  test('groups and blocks before the last two stay the same objects', () => {
    const splits = grow(manual.repeat(5), 5)
    for (const [index, split] of splits.entries()) {
      const before = splits[index - 1]
      if (!before) continue
      const frozen = before.groups.flat().slice(0, before.frozenCount)
      expect(split.groups.flat().slice(0, frozen.length)).toEqual(frozen)
      expect(split.groups.flat().findIndex((block, place) => block !== frozen[place])).toBeGreaterThanOrEqual(
        frozen.length,
      )
      const changedGroups = split.groups.filter((group) => !before.groups.includes(group))
      expect(changedGroups.length).toBeLessThanOrEqual(2)
    }
  })

  test('reads only what is behind the frozen blocks again', () => {
    const long = splitMarkdown(null, `${manual.repeat(200)}And`)
    expect(long.source.length - long.frozenEnd).toBeLessThan(100)
    expect(splitMarkdown(long, `${long.source} more`).frozenEnd).toBeGreaterThanOrEqual(long.frozenEnd)
  })

  test('a long table or list that grows has the pieces at each length that it has when it is read at once', () => {
    const rows = Array.from({ length: 60 }, (_, row) => `| ${row} | ${'text '.repeat(row % 30)}|\n`).join('')
    const items = Array.from({ length: 60 }, (_, item) => `- ${'item '.repeat(item % 25)}\n  - below ${item}\n\n`).join(
      '',
    )
    const numbers = Array.from({ length: 200 }, (_, item) => `1. item ${item}\n`).join('')
    const text = `Rows:\n\n| a | b |\n|---|:-:|\n${rows}\nItems:\n\n${items}# More\n\n${numbers}\nThe end.\n`
    for (const split of grow(text, 37)) {
      expect(split.groups.flat()).toEqual(lexMarkdownBlocks(split.source, 0).blocks)
    }
    const piecesOf = ({ source, pieced }: MarkdownBlock) => ({ source, pieces: pieced?.pieces ?? [] })
    const [table, list, numbered] = splitMarkdown(null, text)
      .groups.flat()
      .filter(({ pieced }) => pieced)
      .map(piecesOf)
    expect(table?.pieces.map(({ source }) => source.replace('| a | b |\n|---|:-:|\n', '')).join('')).toBe(
      rows.trimEnd(),
    )
    expect(list?.pieces.map(({ source }) => source).join('')).toBe(list?.source.trimEnd())
    expect(numbered?.pieces.map(({ first }) => first)).toEqual([0, expect.any(Number)])
    expect(numbered?.pieces.reduce((sum, { count }) => sum + count, 0)).toBe(200)
    for (const { pieces } of [table, list, numbered].flatMap((block) => block ?? []))
      expect(pieces.length).toBeGreaterThan(1)
  })

  test('of a long table or list that grows, it reads only the last pieces again, and the others stay the same objects', () => {
    const makers = [
      (count: number) => `| a | b |\n|---|---|\n${'| one row | of many |\n'.repeat(count)}`,
      (count: number) => '- one item of many\n'.repeat(count),
    ]
    for (const make of makers) {
      const before = splitMarkdown(null, make(5000))
      const after = splitMarkdown(before, `${make(5000)}${make(1).split('\n').at(-2)}`)
      expect(before.source.length - before.frozenEnd).toBeLessThan(5000)
      const [known, pieces] = [before, after].map(({ groups }) => groups[0]?.[0]?.pieced?.pieces ?? [])
      expect(pieces?.filter((piece) => !known?.includes(piece)).length).toBeLessThanOrEqual(2)
    }
  })

  const sentence =
    'Some *words* of a `sentence` with **a [link](https://a.example) in it**, which costs $5 or less_or_more. '

  test('a long paragraph that grows has the pieces at each length that it has when it is read at once', () => {
    const text = `${sentence.repeat(60)}\n\n${'一些文字，用于句子。'.repeat(400)}\n\n${'x'.repeat(9000)}`
    for (const split of grow(text, 37)) {
      expect(split.groups.flat()).toEqual(lexMarkdownBlocks(split.source, 0).blocks)
    }
    const pieces = splitMarkdown(null, text)
      .groups.flat()
      .map(({ pieced }) => pieced?.pieces ?? [])
    expect(pieces.map(({ length }) => length)).toEqual([5, 3, 0])
  })

  test('where a long paragraph is cut, nothing is open: emphasis, code, links, tags, formulas', () => {
    for (const [begin, end] of [
      ['*', '*'],
      ['**', '**'],
      ['__', '__'],
      ['~~', '~~'],
      ['`` ` ', ' ``'],
      ['[', '](https://a.example)'],
      ['[a](b "', '")'],
      ['<a title="', '">'],
      ['$', '$'],
    ]) {
      const open = `${begin}${'inner words '.repeat(60)}end${end}`
      const { pieced } =
        splitMarkdown(null, `${'word '.repeat(250)}${open} ${'word '.repeat(500)}`).groups[0]?.[0] ?? {}
      const sources = pieced?.pieces.map(({ source }) => source) ?? []
      expect(sources.length, begin).toBeGreaterThan(1)
      expect(
        sources.filter((source) => source.includes(open)),
        begin,
      ).toHaveLength(1)
    }
  })

  test('a paragraph of which something stays open is cut even so, and none begins with what is no text', () => {
    const { pieced } = splitMarkdown(null, `It is $open ${'- 1. # > word '.repeat(3000)}`).groups[0]?.[0] ?? {}
    expect(pieced?.pieces.length).toBeGreaterThan(5)
    for (const { source } of pieced?.pieces ?? []) expect(source).toMatch(/^\p{L}/u)
  })

  test('emphasis that is longer than a piece ends and begins in each, and only as far as it goes', () => {
    const words = 'some words '.repeat(1000).trimEnd()
    const split = splitMarkdown(null, `One **two _${words}_ three** four. ${'Others follow. '.repeat(300)}`)
    expect(completeSplit(split)).toBe(split.groups)
    const pieces = split.groups[0]?.[0]?.pieced?.pieces.map(({ source }) => source.trimEnd()) ?? []
    expect(pieces.length).toBeGreaterThan(6)
    const first = pieces.findIndex((source) => source.endsWith('_**'))
    const last = pieces.findIndex((source) => source.includes('_ three** four.'))
    expect([first, last > first]).toEqual([0, true])
    for (const source of pieces.slice(1, last)) expect(source).toMatch(/^\*\*_\p{L}.*\p{L}_\*\*$/u)
    expect(pieces[last]).toMatch(/^\*\*_/)
    expect(pieces.slice(last + 1).join('')).not.toMatch(/[*_]/)
  })

  test('text with notes that grows has the blocks at each length that it has when it is read at once', () => {
    const notes = Array.from({ length: 9 }, (_, index) => `[^${index}]: Words of it\n`).join('')
    const text = `One[^1] two[^a].\nThree.\n[^a]: A note\n    goes on\n\n    and on\n\n\tand on.\n\nNo note.\n\n${notes}[^b]: word\n`
    for (const split of grow(text, 1)) {
      expect(split.groups.flat()).toEqual(lexMarkdownBlocks(split.source, 0).blocks)
    }
    expect(sourcesOf(splitMarkdown(null, text)).slice(0, 3)).toEqual([
      'One[^1] two[^a].\nThree.\n',
      '[^a]: A note\n    goes on\n\n    and on\n\n\tand on.',
      'No note.',
    ])
    expect(splitMarkdown(null, text).groups.flat()).toHaveLength(13)
  })

  test('of a long paragraph that grows, it reads only the last pieces again, and the others stay the same objects', () => {
    const before = splitMarkdown(null, sentence.repeat(1000))
    const after = splitMarkdown(before, `${before.source}And more`)
    expect(before.source.length - before.frozenEnd).toBeLessThan(5000)
    const [known, pieces] = [before, after].map(({ groups }) => groups[0]?.[0]?.pieced?.pieces ?? [])
    expect(pieces?.filter((piece) => !known?.includes(piece)).length).toBeLessThanOrEqual(2)
  })

  test('a long paragraph that turns out to be a heading is one', () => {
    const split = grow(`${sentence.repeat(60)}\n===\n\nText`, 41).at(-1)
    expect(split?.groups.flat().map(({ pieced }) => pieced)).toEqual([null, null])
  })

  test('a text that does not continue the one before is read anew', () => {
    const before = splitMarkdown(null, manual)
    expect(sourcesOf(splitMarkdown(before, 'Something else.'))).toEqual(['Something else.'])
    expect(sourcesOf(splitMarkdown(before, ''))).toEqual([])
  })

  test('knows whether the end of a fence has arrived', () => {
    const isClosed = (text: string) => splitMarkdown(null, text).groups[0]?.[0]?.code?.isClosed
    expect(isClosed('```js\nlet a')).toBe(false)
    expect(isClosed('```js\nlet a\n``')).toBe(false)
    expect(isClosed('```js\nlet a\n```')).toBe(true)
    expect(isClosed('````\n```\n```')).toBe(false)
    expect(isClosed('~~~\n```\n~~~~')).toBe(true)
    expect(isClosed('```')).toBe(false)
  })

  test('the language of a fence is the first word of its info string', () => {
    const languageOf = (text: string) => splitMarkdown(null, text).groups[0]?.[0]?.code?.language
    expect(languageOf('```TypeScript title="a.ts"\n')).toBe('typescript')
    expect(languageOf('```js{1,3}\n')).toBe('js')
    expect(languageOf('```\n')).toBe('')
  })

  test('line ends of all systems are the same', () => {
    expect(sourcesOf(splitMarkdown(null, 'a\r\n\r\nb\rc'))).toEqual(['a', 'b\nc'])
  })
})

describe('completeSplit', () => {
  const complete = (text: string) => completeSplit(splitMarkdown(null, text)).flat()

  test('a block with a link has its definition, wherever that stands', () => {
    const [first, second] = complete('See [this][Later] and [later].\n\nNothing.\n\n[later]: https://example.com')
    expect(first?.source).toBe('See [this][Later] and [later].\n\n[later]: https://example.com')
    expect(second?.source).toBe('Nothing.')
  })

  test('blocks without such links stay the same objects', () => {
    const split = splitMarkdown(null, 'A [b](https://c.de).\n\n[later]: https://example.com')
    expect(completeSplit(split)[0]).toBe(split.groups[0])
  })

  test('a block that refers to a footnote knows that there is one, and notes stay as they are', () => {
    const split = splitMarkdown(null, 'One[^1].\n\nTwo[^2].\n\n[^1]: A note.')
    expect(
      completeSplit(split)
        .flat()
        .map(({ source }) => source),
    ).toEqual(['One[^1].\n\n[^1]:', 'Two[^2].', '[^1]: A note.'])
  })

  test('footnotes are numbered in the order in which the text refers to them, the others after that', () => {
    const text = 'One[^b], `[^c]`, two[^A], three[^b].\n\n```\n[^c]: code\n```\n\n[^a]: A\n[^b]: B\n[^c]: C'
    expect([...numberNotes(complete(text))]).toEqual([
      ['b', 1],
      ['a', 2],
      ['c', 3],
    ])
  })

  test('emphasis that never ends is shown as it is written once the text is whole', () => {
    const [block] = complete(`It is *open ${'word '.repeat(3000)}`)
    expect(block?.pieced?.pieces.length).toBeGreaterThan(2)
    expect(block?.pieced?.pieces.map(({ source }) => source.replaceAll(/[^*]/g, '')).join('')).toBe('*')
  })
})
