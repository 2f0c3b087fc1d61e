import { memo, useMemo, useRef, useState } from 'react'
import { usePacedValue } from '../../components/hooks/use-paced-value.ts'
import { useSteps } from '../../components/hooks/use-steps.ts'
import { noNotes, numberNotes } from './blocks/footnotes.ts'
import { completeSplit } from './blocks/link-definitions.ts'
import type { MarkdownBlock } from './blocks/markdown-block.ts'
import { type MarkdownSplit, splitMarkdown } from './blocks/split-markdown.ts'
import { MarkdownBlockView } from './markdown-block-view.tsx'
import { NotesContext } from './notes/notes-context.ts'
import styles from './markdown.module.css'
import { useKeptHeight } from './use-kept-height.ts'

interface MarkdownProps {
  readonly text: string
  /** Text is still added at the end. */
  readonly isStreaming: boolean
}

/** A text of Markdown. While it grows, only its last blocks render; the end of the growth renders nothing anew. */
export function Markdown({ text, isStreaming }: MarkdownProps) {
  const split = useMarkdownSplit(text, isStreaming)
  const { groups } = split
  const notes = useMemo(() => (isStreaming ? noNotes : numberNotes(groups.flat())), [groups, isStreaming])
  const complete = useComplete(split, isStreaming)
  // Who opens a long text waits for its end only.
  const isRendered = useSteps(groups.length, { last: isStreaming ? Infinity : 2, step: 1 })
  const lastStart = isStreaming ? groups.at(-1)?.at(-1)?.start : undefined
  return (
    <NotesContext value={notes}>
      <div className={styles.markdown} data-markdown>
        {groups.map((group, index) => (
          // Groups keep their place.
          <BlockGroup
            key={index}
            group={complete(index) ?? group}
            liveStart={index === groups.length - 1 ? lastStart : undefined}
            isShown={isRendered(index)}
            isPassed={
              isRendered(index) &&
              (isStreaming || groups.length > maxFlexibleGroups) &&
              index < groups.length - growingGroups
            }
          />
        ))}
      </div>
    </NotesContext>
  )
}

/** The groups as they are when the text is whole. After it has grown, they become so step by step, as far as they change. */
function useComplete(split: MarkdownSplit, isStreaming: boolean) {
  const [hasGrown] = useState(isStreaming)
  const completed = useMemo(() => (isStreaming ? split.groups : completeSplit(split)), [split, isStreaming])
  const isCompleted = useSteps(hasGrown && completed !== split.groups ? completed.length : 0, { last: 2, step: 1 })
  return (index: number) => (!hasGrown || isCompleted(index) ? completed[index] : undefined)
}

// Blocks that can still change are in the last two at most.
const growingGroups = 2
// With more, those that are not seen cost nothing.
const maxFlexibleGroups = 4

interface BlockGroupProps {
  readonly group: readonly MarkdownBlock[]
  /** The start of the block that still grows. */
  readonly liveStart: number | undefined
  readonly isShown: boolean
  /** It does not change any more, and others follow. */
  readonly isPassed: boolean
}

/** Blocks that are laid out and painted together. Of a long text that grows, those that were passed are not. */
const BlockGroup = memo(function BlockGroup({ group, liveStart, isShown, isPassed }: BlockGroupProps) {
  const box = useKeptHeight<HTMLDivElement>(isPassed, isShown ? null : estimateHeight(group))
  return (
    <div {...box} className={styles.group}>
      {isShown &&
        group.map((block) => <MarkdownBlockView key={block.start} block={block} isLive={block.start === liveStart} />)}
    </div>
  )
})

/** In pixels, before blocks are laid out: of as many lines as the text would fill. */
function estimateHeight(group: readonly MarkdownBlock[]): number {
  return group.reduce((sum, { source }) => sum + 20 + 25 * Math.ceil(source.length / 90), 0)
}

// What cannot be cut, such as a long quotation, is rendered anew as it grows: the longer it is, the more seldom.
const maxUnpaced = 8000 // UTF-16 code units
const paceMs = 0.025 // for each

/** UTF-16 code units that are rendered anew when text is added. Lines of code that are shown already are not. */
function countGrowing(split: MarkdownSplit | null): number {
  return !split || split.groups.at(-1)?.at(-1)?.code ? 0 : split.source.length - split.frozenEnd
}

/** The blocks of the text, read on from where they were read in the rendering before. */
function useMarkdownSplit(text: string, isStreaming: boolean): MarkdownSplit {
  const known = useRef<MarkdownSplit | null>(null)
  const growing = countGrowing(known.current)
  const read = usePacedValue(text, isStreaming && growing > maxUnpaced ? growing * paceMs : 0)
  const split = splitMarkdown(known.current, read)
  // A cache: the same text has the same blocks, whichever rendering has read them before.
  known.current = split
  return split
}
