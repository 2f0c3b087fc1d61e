import { lexMarkdownBlocks, type LinkDefinition } from './lex-markdown-blocks.ts'
import type { MarkdownBlock, MarkdownPiece, OpenBlock } from './markdown-block.ts'

/** The blocks of a text, in groups that stay the same objects while text is added behind them. It is never changed. */
export interface MarkdownSplit {
  readonly source: string
  readonly groups: readonly (readonly MarkdownBlock[])[]
  readonly definitions: readonly LinkDefinition[]
  /** What text that is added cannot change any more: the blocks, and the pieces of a table or a list, before this offset. */
  readonly frozenEnd: number
  /** Blocks that are whole before it. */
  readonly frozenCount: number
  /** What it is within, with the pieces before it. */
  readonly open: OpenBlock | null
}

const groupSize = 16 // blocks
// Blocks, or pieces of them: the last one can still grow, and with one more character the last two can be one.
const maxGrowing = 2

const emptySplit: MarkdownSplit = {
  source: '',
  groups: [],
  definitions: [],
  frozenEnd: 0,
  frozenCount: 0,
  open: null,
}

/**
 * Splits a text that grows: of a text that continues the previous one, only what is not frozen is read again. Groups and
 * blocks that are as before are the same objects.
 */
export function splitMarkdown(previous: MarkdownSplit | null, text: string): MarkdownSplit {
  const source = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  if (previous?.source === source) return previous
  const base = previous && continues(previous, source) ? previous : emptySplit
  const { blocks, definitions } = lexMarkdownBlocks(source, base.frozenEnd, base.open)
  const groups = replaceGroups(base.groups, base.frozenCount, blocks)
  return {
    source,
    groups,
    definitions: [...base.definitions.filter(({ start }) => start < base.frozenEnd), ...definitions],
    ...(findFrozen(groups, base.frozenCount) ?? {
      frozenEnd: base.frozenEnd,
      frozenCount: base.frozenCount,
      open: base.open,
    }),
  }
}

/** Null: no more than before. */
function findFrozen(
  groups: MarkdownSplit['groups'],
  frozenBefore: number,
): Pick<MarkdownSplit, 'frozenEnd' | 'frozenCount' | 'open'> | null {
  const firstGroup = Math.floor(frozenBefore / groupSize)
  const blocks = groups.slice(firstGroup).flat()
  let growing = 0
  for (let index = blocks.length - 1; index >= frozenBefore % groupSize; index -= 1) {
    const { start, pieced } = blocks[index] ?? { start: 0, pieced: null }
    const pieces = pieced?.pieces ?? []
    const frozenPieces = pieces.slice(0, growing - maxGrowing)
    growing += Math.max(1, pieces.length)
    if (growing < maxGrowing) continue
    const open = pieced && frozenPieces.length > 0 ? { start, pieced: { ...pieced, pieces: frozenPieces } } : null
    const frozenEnd = open ? (pieces[frozenPieces.length]?.start ?? start) : start
    return { frozenEnd, frozenCount: firstGroup * groupSize + index, open }
  }
  return null
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
  if (known?.start !== block.start) return block
  if (known.source === block.source) return known
  const knownPieces = known.pieced?.pieces
  if (!block.pieced || !knownPieces) return block
  const pieces = block.pieced.pieces.map((piece, index) => reusePiece(knownPieces[index], piece))
  return { ...block, pieced: { ...block.pieced, pieces } }
}

function reusePiece(known: MarkdownPiece | undefined, piece: MarkdownPiece): MarkdownPiece {
  return known?.start === piece.start && known.source === piece.source ? known : piece
}

function reuseGroup(
  known: readonly MarkdownBlock[] | undefined,
  group: readonly MarkdownBlock[],
): readonly MarkdownBlock[] {
  return known?.length === group.length && group.every((block, index) => block === known[index]) ? known : group
}
