import type { MarkdownBlock, PiecedContent } from './markdown-block.ts'
import type { MarkdownSplit } from './split-markdown.ts'

/**
 * The blocks of a text to which nothing is added any more: those with a link whose definition stands elsewhere have it. A
 * text with footnotes is one block, as these are numbered and listed over all of it.
 */
export function completeSplit(split: MarkdownSplit): MarkdownSplit['groups'] {
  if (/^ {0,3}\[\^[^\]\n]+\]:/m.test(split.source))
    return [[{ start: 0, source: split.source, code: null, pieced: null }]]
  const definitions = split.definitions.map(({ source }) => ({ source, label: toLabel(source) }))
  if (definitions.length === 0) return split.groups
  return split.groups.map((group) => {
    const completed = group.map((block) => addDefinitions(block, definitions))
    return completed.some((block, index) => block !== group[index]) ? completed : group
  })
}

interface LabelledDefinition {
  readonly source: string
  readonly label: string
}

function addDefinitions(block: MarkdownBlock, definitions: readonly LabelledDefinition[]): MarkdownBlock {
  if (block.code) return block
  const source = completeSource(block.source, definitions)
  if (source === block.source) return block
  return { ...block, source, pieced: block.pieced && completePieces(block.pieced, definitions) }
}

function completePieces(
  { container, pieces }: PiecedContent,
  definitions: readonly LabelledDefinition[],
): PiecedContent {
  return {
    container:
      container.tag === 'table' ? { ...container, head: completeSource(container.head, definitions) } : container,
    pieces: pieces.map((piece) => {
      const source = completeSource(piece.source, definitions)
      return source === piece.source ? piece : { ...piece, source }
    }),
  }
}

function completeSource(source: string, definitions: readonly LabelledDefinition[]): string {
  if (!source.includes('[')) return source
  const text = source.toLowerCase()
  const used = definitions.filter(({ label }) => text.includes(`[${label}]`))
  return used.length === 0 ? source : [source.trimEnd(), ...used.map((each) => each.source)].join('\n\n')
}

function toLabel(definition: string): string {
  return definition.slice(1, definition.indexOf(']:')).toLowerCase()
}
