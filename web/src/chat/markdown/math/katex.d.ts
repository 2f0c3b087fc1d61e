import 'katex'

/** What KaTeX makes elements from. */
export interface FormulaNode {
  readonly attributes?: Record<string, string>
  readonly children?: readonly FormulaNode[]
  toNode: () => Node
}

/** What `katex.render` uses itself. Its types leave it out. */
declare module 'katex' {
  // oxlint-disable-next-line no-underscore-dangle -- KaTeX has named it.
  function __renderToDomTree(formula: string, options: KatexOptions): FormulaNode
}
