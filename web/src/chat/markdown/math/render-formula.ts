import { __renderToDomTree, type KatexOptions } from 'katex'
import type { FormulaNode } from './katex.d.ts'

/** Shows a formula in an element. Throws if it is none. */
export function renderFormula(formula: string, element: HTMLElement, options: KatexOptions): void {
  const tree = __renderToDomTree(formula, options)
  setStylesByProperties(tree)
  element.replaceChildren(tree.toNode())
}

/**
 * KaTeX gives some elements, such as the arrow of a vector, an attribute `style`, which the Content-Security-Policy ignores. It
 * allows the same by the property `style`.
 */
function setStylesByProperties(node: FormulaNode): void {
  for (const child of node.children ?? []) setStylesByProperties(child)
  const { attributes } = node
  const style = attributes?.['style']
  if (!attributes || style === undefined) return
  delete attributes['style']
  const toNode = node.toNode.bind(node)
  node.toNode = () => {
    const made = toNode()
    if (made instanceof HTMLElement || made instanceof SVGElement || made instanceof MathMLElement)
      made.style.cssText = style
    return made
  }
}
