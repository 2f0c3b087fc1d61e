import type { ExtraProps } from 'react-markdown'

type Element = NonNullable<ExtraProps['node']>
type Tree = Pick<Element, 'children'>

/** Makes what renders the source of a piece leave out the elements around what it is needed for: they are there already. */
const unwrapItems = () => (tree: Tree) => replaceElements(tree, ['ul', 'ol'], ({ children }) => children)

const unwrapHead = () => (tree: Tree) =>
  replaceElements(tree, ['table'], (table) => table.children.filter((node) => isElement(node, ['thead'])))

const unwrapRows = () => (tree: Tree) => {
  replaceElements(tree, ['table'], (table) => table.children.filter((node) => isElement(node, ['tbody'])))
  replaceElements(tree, ['tbody'], (body) => body.children.filter((node) => isElement(node, ['tr'])))
  // The line ends between cells would be as many nodes again.
  replaceElements(tree, ['tr'], (row) => [
    { ...row, children: row.children.filter((node) => isElement(node, ['td', 'th'])) },
  ])
}

const unwrapText = () => (tree: Tree) => replaceElements(tree, ['p'], ({ children }) => children)

function replaceElements(
  tree: Tree,
  tagNames: readonly string[],
  toNodes: (element: Element) => Tree['children'],
): void {
  tree.children = tree.children.flatMap((node) => (isElement(node, tagNames) ? toNodes(node) : [node]))
}

function isElement(node: Tree['children'][number], tagNames: readonly string[]): node is Element {
  return node.type === 'element' && tagNames.includes(node.tagName)
}

// Other arrays in each rendering would have all elements made anew.
/** The plugins of rehype that render the items of a list. */
export const itemPlugins = [unwrapItems]
/** The head of a table. */
export const headPlugins = [unwrapHead]
/** The rows of a table, without its head. */
export const rowPlugins = [unwrapRows]
/** The text of a paragraph. */
export const textPlugins = [unwrapText]
