import type { MarkdownBlock } from './markdown-block.ts'
import type { MarkdownSplit } from './split-markdown.ts'

/**
 * The blocks of a text to which nothing is added any more: those with a link whose definition stands elsewhere have it. A
 * text with footnotes is one block, as these are numbered and listed over all of it.
 */
export function completeSplit(split: MarkdownSplit): MarkdownSplit['groups'] {
  if (/^ {0,3}\[\^[^\]\n]+\]:/m.test(split.source)) return [[{ start: 0, source: split.source, code: null }]]
  const definitions = split.definitions.map(({ source }) => ({ source, label: toLabel(source) }))
  if (definitions.length === 0) return split.groups
  return split.groups.map((group) => {
    const completed = group.map((block) => addDefinitions(block, definitions))
    return completed.some((block, index) => block !== group[index]) ? completed : group
  })
}

function addDefinitions(
  block: MarkdownBlock,
  definitions: readonly { readonly source: string; readonly label: string }[],
): MarkdownBlock {
  if (block.code || !block.source.includes('[')) return block
  const text = block.source.toLowerCase()
  const used = definitions.filter(({ label }) => text.includes(`[${label}]`))
  if (used.length === 0) return block
  return { ...block, source: [block.source.trimEnd(), ...used.map(({ source }) => source)].join('\n\n') }
}

function toLabel(definition: string): string {
  return definition.slice(1, definition.indexOf(']:')).toLowerCase()
}
