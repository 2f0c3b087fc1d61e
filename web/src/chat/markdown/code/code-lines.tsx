import { memo, useMemo } from 'react'
import { useSteps } from '../../../components/hooks/use-steps.ts'
import styles from './code-block.module.css'
import type { HighlightedLine } from './highlighted-line.ts'

const sectionSize = 60 // lines

interface CodeLinesProps {
  readonly code: string
  /** Null: without colours. */
  readonly lines: readonly HighlightedLine[] | null
}

/** Code in sections that render, and are laid out, each for itself: of long code that grows, only the last one is. */
export function CodeLines({ code, lines }: CodeLinesProps) {
  const texts = useMemo(() => splitSections(code), [code])
  const isColoured = useSteps(lines ? texts.length : 0, { last: 2, step: 2 })
  return texts.map((text, index) => (
    // Sections keep their place.
    <CodeSection
      key={index}
      text={text}
      lines={lines && isColoured(index) ? lines.slice(index * sectionSize, (index + 1) * sectionSize) : null}
      isPassed={index < texts.length - 1}
    />
  ))
}

interface CodeSectionProps {
  readonly text: string
  readonly lines: readonly HighlightedLine[] | null
  /** Others follow. */
  readonly isPassed: boolean
}

const CodeSection = memo(
  function CodeSection({ text, lines, isPassed }: CodeSectionProps) {
    // A section that is not laid out is as wide as it would be, so that the code around it is.
    const style = isPassed ? { minInlineSize: `${measureColumns(text)}ch` } : undefined
    return (
      <span className={styles.section} data-passed={isPassed || undefined} style={style}>
        {lines ? lines.map(renderLine) : text}
        {/* Else an empty line at the end would have no height. */}
        {text.endsWith('\n') && '\n'}
      </span>
    )
  },
  (before, after) =>
    before.text === after.text &&
    before.isPassed === after.isPassed &&
    (before.lines === null) === (after.lines === null),
)

function renderLine(line: HighlightedLine, index: number, { length }: readonly HighlightedLine[]) {
  return (
    <span key={index}>
      {line.map(([text, light, dark], place) => (
        <span key={place} style={{ color: `light-dark(${light}, ${dark})` }}>
          {text}
        </span>
      ))}
      {index < length - 1 && '\n'}
    </span>
  )
}

function measureColumns(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.replaceAll('\t', '    ').length))
}

function splitSections(code: string): string[] {
  const lines = code.split('\n')
  const sections: string[] = []
  for (let index = 0; index < lines.length; index += sectionSize) {
    sections.push(lines.slice(index, index + sectionSize).join('\n'))
  }
  return sections
}
