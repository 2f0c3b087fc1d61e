/** A fenced or indented code block. */
export interface CodeBlockContent {
  readonly code: string
  /** The first word of the info string, in lower case. Empty if there is none. */
  readonly language: string
  /** Its end has arrived. Indented code has no end that could be waited for. */
  readonly isClosed: boolean
}

/** Some rows of a table, some items of a list, or a part of a long paragraph. It is never changed. */
export interface MarkdownPiece {
  /** Where it starts in the text: its key. */
  readonly start: number
  /** A table, a list or a paragraph of these alone. */
  readonly source: string
  /** Of its rows or items, the place of the first one in all of them. */
  readonly first: number
  /** How many it has. A part of a paragraph is one. */
  readonly count: number
  /** Of a part of a paragraph: the delimiters of the emphasis that goes on behind it. */
  readonly open?: readonly string[]
}

/** The element around the pieces. `head`: the first two lines of a table, which each piece of it begins with. */
export type PieceContainer =
  | { readonly tag: 'table'; readonly head: string }
  | { readonly tag: 'ul' | 'p'; readonly head: '' }
  | { readonly tag: 'ol'; readonly head: ''; readonly firstNumber: number }

/** A table, a list or a long paragraph in pieces that render alone: of a long one that grows, only the last ones change. */
export interface PiecedContent {
  readonly container: PieceContainer
  /** None of a table that has no rows so far. */
  readonly pieces: readonly MarkdownPiece[]
}

/** A top-level block of Markdown, such as a paragraph, a list or a table. It is never changed. */
export interface MarkdownBlock {
  /** Where it starts in the text: its key, as it stays the same while text is added. */
  readonly start: number
  readonly source: string
  /** Set if it is a code block. */
  readonly code: CodeBlockContent | null
  /** Set if it is a table, a list or a long paragraph. */
  readonly pieced: PiecedContent | null
}

/** A block of which the first pieces are known. */
export interface OpenBlock {
  readonly start: number
  readonly pieced: PiecedContent
}
