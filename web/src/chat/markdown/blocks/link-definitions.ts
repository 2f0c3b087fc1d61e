import { cutParagraph } from './cut-paragraph.ts'
import { toTextPieces } from './cut-pieces.ts'
import { findNoteLabel } from './footnotes.ts'
import type { MarkdownBlock, PiecedContent } from './markdown-block.ts'
import type { MarkdownSplit } from './split-markdown.ts'

/**
 * The blocks of a text to which nothing is added any more: those with a link or the mark of a footnote whose definition stands
 * elsewhere have it, and emphasis that was never closed is none. Groups in which nothing changes are the same objects.
 */
export function completeSplit({ groups, definitions }: MarkdownSplit): MarkdownSplit['groups'] {
  const sources = new Map(definitions.map(({ source }) => [toLabel(source), source]))
  // Each note is rendered where it stands. That it is one is enough for those who refer to it.
  for (const label of groups.flat().flatMap((block) => findNoteLabel(block) ?? []))
    sources.set(`^${label}`, `[^${label}]:`)
  let hasChanged = false
  const completed = groups.map((group) => {
    const blocks = group.map((block) => completeBlock(block, sources))
    if (blocks.every((block, index) => block === group[index])) return group
    hasChanged = true
    return blocks
  })
  return hasChanged ? completed : groups
}

/** Definitions by their labels, in lower case. */
type Definitions = ReadonlyMap<string, string>

function completeBlock(block: MarkdownBlock, definitions: Definitions): MarkdownBlock {
  if (block.code) return block
  const pieced = block.pieced && (endEmphasis(block.pieced, block) ?? block.pieced)
  const source = completeSource(block.source, definitions, findNoteLabel(block))
  if (source === block.source && pieced === block.pieced) return block
  return { ...block, source, pieced: pieced && completePieces(pieced, definitions) }
}

function completePieces({ container, pieces }: PiecedContent, definitions: Definitions): PiecedContent {
  return {
    container:
      container.tag === 'table' ? { ...container, head: completeSource(container.head, definitions) } : container,
    pieces: pieces.map((piece) => {
      const source = completeSource(piece.source, definitions)
      return source === piece.source ? piece : { ...piece, source }
    }),
  }
}

/** Emphasis that goes on to the end of its paragraph, and does not end there, is shown as it is written. */
function endEmphasis({ container, pieces }: PiecedContent, { start, source }: MarkdownBlock): PiecedContent | null {
  const [carried = [], open = []] = pieces.slice(-2).map((piece) => piece.open)
  if (carried.length === 0 || !carried.every((run, index) => run === open[index])) return null
  return { container, pieces: toTextPieces(cutParagraph(source, [], false), start, 0) }
}

function completeSource(source: string, definitions: Definitions, noteLabel: string | null = null): string {
  if (definitions.size === 0 || !source.includes('[')) return source
  const labels = new Set([...source.matchAll(/\[([^[\]]+)\]/g)].map(([, label = '']) => label.toLowerCase()))
  if (noteLabel !== null) labels.delete(`^${noteLabel}`)
  const used = [...labels].flatMap((label) => definitions.get(label) ?? [])
  return used.length === 0 ? source : [source.trimEnd(), ...used].join('\n\n')
}

function toLabel(definition: string): string {
  return definition.slice(1, definition.indexOf(']:')).toLowerCase()
}
