/** A fenced or indented code block. */
export interface CodeBlockContent {
  readonly code: string
  /** The first word of the info string, in lower case. Empty if there is none. */
  readonly language: string
  /** Its end has arrived. Indented code has no end that could be waited for. */
  readonly isClosed: boolean
}

/** A top-level block of Markdown, such as a paragraph, a list or a table. It is never changed. */
export interface MarkdownBlock {
  /** Where it starts in the text: its key, as it stays the same while text is added. */
  readonly start: number
  readonly source: string
  /** Set if it is a code block. */
  readonly code: CodeBlockContent | null
}
