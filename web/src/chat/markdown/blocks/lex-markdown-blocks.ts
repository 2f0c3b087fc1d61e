import { Lexer, type Token, type Tokens } from 'marked'
import { cutPieces } from './cut-pieces.ts'
import { separateNotes } from './footnotes.ts'
import type { CodeBlockContent, MarkdownBlock, OpenBlock } from './markdown-block.ts'

export interface LexedMarkdown {
  readonly blocks: readonly MarkdownBlock[]
  readonly definitions: readonly LinkDefinition[]
}

/** Such as `[1]: https://example.com`, as it is written. */
export interface LinkDefinition {
  /** Where it starts in the text. */
  readonly start: number
  readonly source: string
}

/**
 * The top-level blocks of a text with `\n` as line ends, from an offset on. If that is within a table or a list, this is
 * `open`: the first block then has all of it.
 */
export function lexMarkdownBlocks(text: string, offset: number, open: OpenBlock | null = null): LexedMarkdown {
  const blocks: MarkdownBlock[] = []
  const definitions: LinkDefinition[] = []
  const head = open?.pieced.container.head ?? ''
  let start = offset - head.length
  let opened = open
  for (const token of separateNotes(joinDisplayMath(readBlockTokens(head + text.slice(offset))))) {
    const end = start + token.raw.length
    if (token.type === 'def') definitions.push({ start, source: token.raw.trim() })
    else if (token.type !== 'space') {
      const pieced = cutPieces(token, start, opened)
      const blockStart = opened?.start ?? start
      const code = isCode(token) ? toCode(token) : null
      blocks.push({ start: blockStart, source: text.slice(blockStart, end), code, pieced })
      opened = null
    }
    start = end
  }
  return { blocks, definitions }
}

/** What is nested too deeply for the lexer is one block. */
function readBlockTokens(source: string): Token[] {
  try {
    return new Lexer().blockTokens(source, [])
  } catch {
    return [{ type: 'paragraph', raw: source, text: source }]
  }
}

/**
 * The lexer does not know formulas: what stands between two lines of `$$` is one block, also with empty lines in it. Those
 * in a list are whole there.
 */
function joinDisplayMath(tokens: readonly Token[]): Token[] {
  const joined: Token[] = []
  let isOpen = false
  for (const token of tokens) {
    const last = joined.at(-1)
    if (isOpen && last) joined[joined.length - 1] = { type: 'paragraph', raw: last.raw + token.raw, text: '' }
    else joined.push(token)
    const borders = wholeTypes.has(token.type) ? null : token.raw.match(/^ {0,3}\$\$[ \t]*$/gm)
    if (borders && borders.length % 2 === 1) isOpen = !isOpen
  }
  return joined
}

const wholeTypes: ReadonlySet<string> = new Set(['code', 'list', 'table'])

function isCode(token: Token): token is Tokens.Code {
  return token.type === 'code'
}

function toCode({ raw, text, lang, codeBlockStyle }: Tokens.Code): CodeBlockContent {
  const [language = ''] = (lang ?? '')
    .trim()
    .toLowerCase()
    .split(/[\s{:]/)
  return { code: text, language, isClosed: codeBlockStyle === 'indented' || isClosedFence(raw) }
}

function isClosedFence(raw: string): boolean {
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(raw)?.[1]
  if (fence === undefined) return true
  const lastLine = raw.trimEnd().split('\n').slice(1).at(-1)?.trim() ?? ''
  return lastLine.startsWith(fence) && lastLine.replaceAll(fence.charAt(0), '') === ''
}
