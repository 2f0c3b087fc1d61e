import type { Token, Tokens } from 'marked'
import { cutParagraph, type ParagraphPiece } from './cut-paragraph.ts'
import type { MarkdownPiece, OpenBlock, PiecedContent } from './markdown-block.ts'

const minPieceLength = 1500 // UTF-16 code units: what is parsed and rendered with each delta

/**
 * The pieces of a table, a list or a long paragraph. Where a piece ends does not depend on what comes behind the next one. Null for other
 * blocks. `start` is that of the block in the text; with `open`, the pieces go on behind those of `open`.
 */
export function cutPieces(token: Token, start: number, open: OpenBlock | null): PiecedContent | null {
  // With one more line, a paragraph may be a heading or a table: then it is that as a whole.
  const isOpenText = open?.pieced.container.tag === 'p'
  if (isText(token)) return open && !isOpenText ? null : cutText(token, start, open)
  if (isOpenText) return null
  if (isTable(token)) return cutTable(token, start, open)
  return isList(token) ? cutList(token, start, open) : null
}

function cutTable({ raw }: Tokens.Table, start: number, open: OpenBlock | null): PiecedContent {
  const headLength = raw.indexOf('\n', raw.indexOf('\n') + 1) + 1 || raw.length
  const head = raw.slice(0, headLength)
  const rows = raw.slice(headLength).match(/[^\n]*\n|[^\n]+$/g) ?? []
  return {
    container: open?.pieced.container ?? { tag: 'table', head },
    pieces: joinPieces(open, rows, start + headLength, head),
  }
}

function cutList({ raw, items, ordered, start: firstNumber }: Tokens.List, start: number, open: OpenBlock | null) {
  const sources = items.map((item) => item.raw)
  const container = ordered
    ? ({ tag: 'ol', head: '', firstNumber: Number(firstNumber) } as const)
    : ({ tag: 'ul', head: '' } as const)
  return {
    container: open?.pieced.container ?? container,
    pieces: joinPieces(open, sources.join('') === raw.trimEnd() ? sources : [raw], start),
  }
}

/** Null for one piece. */
function cutText({ raw }: Tokens.Paragraph, start: number, open: OpenBlock | null): PiecedContent | null {
  const known = open?.pieced.pieces ?? []
  const pieces = [...known, ...toTextPieces(cutParagraph(raw, known.at(-1)?.open), start, known.length)]
  return pieces.length > 1 ? { container: { tag: 'p', head: '' }, pieces } : null
}

/** The pieces of a paragraph that follow one another from an offset on, behind so many others. */
export function toTextPieces(cut: readonly ParagraphPiece[], start: number, count: number): MarkdownPiece[] {
  let end = start
  return cut.map(({ source, length, open }, index) => {
    const piece = { start: end, source, first: count + index, count: 1, open }
    end += length
    return piece
  })
}

/** Behind the pieces of `open`, rows or items together until they are long enough. */
function joinPieces(open: OpenBlock | null, sources: readonly string[], start: number, head = ''): MarkdownPiece[] {
  const pieces = [...(open?.pieced.pieces ?? [])]
  const last = pieces.at(-1)
  let piece = { start, source: '', first: last ? last.first + last.count : 0, count: 0 }
  const add = (): void => void pieces.push({ ...piece, source: head + piece.source })
  for (const source of sources) {
    if (piece.source.length >= minPieceLength) {
      add()
      piece = { start: piece.start + piece.source.length, source: '', first: piece.first + piece.count, count: 0 }
    }
    piece = { ...piece, source: piece.source + source, count: piece.count + 1 }
  }
  if (piece.count > 0) add()
  return pieces
}

function isTable(token: Token): token is Tokens.Table {
  return token.type === 'table'
}

/** Without notes, and the formulas that are blocks. */
function isText(token: Token): token is Tokens.Paragraph {
  return token.type === 'paragraph' && !/^\[\^|^ {0,3}\$\$/m.test(token.raw)
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list'
}
