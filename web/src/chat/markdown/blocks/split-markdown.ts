import { lexMarkdownBlocks, type LinkDefinition } from './lex-markdown-blocks.ts'
import type { MarkdownBlock } from './markdown-block.ts'

/** The blocks of a text, in groups that stay the same objects while text is added behind them. It is never changed. */
export interface MarkdownSplit {
  readonly source: string
  readonly groups: readonly (readonly MarkdownBlock[])[]
  readonly definitions: readonly LinkDefinition[]
  /** What text that is added cannot change any more: the blocks before this offset. */
  readonly frozenEnd: number
  readonly frozenCount: number
}

const groupSize = 16 // blocks
// The last one can still grow, and with one more character the last two can be one.
const maxGrowingBlocks = 2

const emptySplit: MarkdownSplit = {
  source: '',
  groups: [],
  definitions: [],
  frozenEnd: 0,
  frozenCount: 0,
}

/**
 * Splits a text that grows: of a text that continues the previous one, only what is not frozen is read again. Groups and
 * blocks that are as before are the same objects.
 */
export function splitMarkdown(previous: MarkdownSplit | null, text: string): MarkdownSplit {
  const source = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  if (previous?.source === source) return previous
  const base = previous && continues(previous, source) ? previous : emptySplit
  const { blocks, definitions } = lexMarkdownBlocks(source.slice(base.frozenEnd), base.frozenEnd)
  const newlyFrozen = Math.max(0, blocks.length - maxGrowingBlocks)
  return {
    source,
    groups: replaceGroups(base.groups, base.frozenCount, blocks),
    definitions: [...base.definitions.filter(({ start }) => start < base.frozenEnd), ...definitions],
    frozenEnd: (newlyFrozen > 0 ? blocks[newlyFrozen]?.start : undefined) ?? base.frozenEnd,
    frozenCount: base.frozenCount + newlyFrozen,
  }
}

function continues({ source, frozenEnd }: MarkdownSplit, text: string): boolean {
  return frozenEnd > 0 ? text.startsWith(source.slice(0, frozenEnd)) : true
}

/** The groups with `blocks` in the place of all that come after the first `keptCount`. */
function replaceGroups(
  groups: MarkdownSplit['groups'],
  keptCount: number,
  blocks: readonly MarkdownBlock[],
): MarkdownSplit['groups'] {
  const firstChanged = Math.floor(keptCount / groupSize)
  const known = groups.slice(firstChanged).flat()
  const kept = known.slice(0, keptCount % groupSize)
  const changed = blocks.map((block, index) => reuseBlock(known[kept.length + index], block))
  const result = groups.slice(0, firstChanged)
  const rest = [...kept, ...changed]
  for (let index = 0; index < rest.length; index += groupSize) {
    result.push(reuseGroup(groups[result.length], rest.slice(index, index + groupSize)))
  }
  return result
}

function reuseBlock(known: MarkdownBlock | undefined, block: MarkdownBlock): MarkdownBlock {
  return known?.start === block.start && known.source === block.source ? known : block
}

function reuseGroup(
  known: readonly MarkdownBlock[] | undefined,
  group: readonly MarkdownBlock[],
): readonly MarkdownBlock[] {
  return known?.length === group.length && group.every((block, index) => block === known[index]) ? known : group
}
