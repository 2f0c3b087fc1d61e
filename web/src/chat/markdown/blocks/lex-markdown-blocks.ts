import { Lexer, type Token, type Tokens } from 'marked'
import type { CodeBlockContent, MarkdownBlock } from './markdown-block.ts'

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

/** The top-level blocks of a text with `\n` as line ends. `offset` is added to where they start. */
export function lexMarkdownBlocks(source: string, offset: number): LexedMarkdown {
  const blocks: MarkdownBlock[] = []
  const definitions: LinkDefinition[] = []
  let start = offset
  for (const token of joinDisplayMath(readBlockTokens(source))) {
    if (token.type === 'def') definitions.push({ start, source: token.raw.trim() })
    else if (token.type !== 'space')
      blocks.push({ start, source: token.raw, code: isCode(token) ? toCode(token) : null })
    start += token.raw.length
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

/** The lexer does not know formulas: what stands between two lines of `$$` is one block, also with empty lines in it. */
function joinDisplayMath(tokens: readonly Token[]): Token[] {
  const joined: Token[] = []
  let isOpen = false
  for (const token of tokens) {
    const last = joined.at(-1)
    if (isOpen && last) joined[joined.length - 1] = { type: 'paragraph', raw: last.raw + token.raw, text: '' }
    else joined.push(token)
    const borders = token.type === 'code' ? 0 : (token.raw.match(/^ {0,3}\$\$[ \t]*$/gm)?.length ?? 0)
    if (borders % 2 === 1) isOpen = !isOpen
  }
  return joined
}

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
