import { memo, useMemo } from 'react'
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
  return texts.map((text, index) => (
    // Sections keep their place.
    <CodeSection key={index} text={text} lines={lines?.slice(index * sectionSize, (index + 1) * sectionSize) ?? null} />
  ))
}

interface CodeSectionProps {
  readonly text: string
  readonly lines: readonly HighlightedLine[] | null
}

const CodeSection = memo(
  function CodeSection({ text, lines }: CodeSectionProps) {
    return <span className={styles.section}>{lines ? lines.map(renderLine) : text}</span>
  },
  (before, after) => before.text === after.text && (before.lines === null) === (after.lines === null),
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

function splitSections(code: string): string[] {
  const lines = code.split('\n')
  const sections: string[] = []
  for (let index = 0; index < lines.length; index += sectionSize) {
    sections.push(lines.slice(index, index + sectionSize).join('\n'))
  }
  return sections
}
