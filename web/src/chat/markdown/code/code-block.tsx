import { ChartNoAxesGantt, Code } from 'lucide-react'
import { useState } from 'react'
import { CopyButton } from '../../../components/buttons/copy-button.tsx'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { strings } from '../../../strings/strings.ts'
import type { CodeBlockContent } from '../blocks/markdown-block.ts'
import { Diagram } from '../diagram/diagram.tsx'
import styles from './code-block.module.css'
import { CodeLines } from './code-lines.tsx'
import { useHighlightedLines } from './use-highlighted-lines.ts'

interface CodeBlockProps extends CodeBlockContent {
  /** What it is, in place of its language: such as the path of a file. */
  readonly title?: string | null
}

/** Code with its language and a button that copies it. It is highlighted once its end has arrived. A diagram is drawn on demand. */
export function CodeBlock({ code, language, isClosed, title = null }: CodeBlockProps) {
  const lines = useHighlightedLines(code, language, isClosed)
  const [isDrawn, setDrawn] = useState(false)
  return (
    <figure className={styles.block}>
      <figcaption className={styles.bar}>
        <span>{title ?? (language || strings.transcript.code)}</span>
        <span className={styles.buttons}>
          {language === 'mermaid' && isClosed && (
            <IconButton
              label={isDrawn ? strings.transcript.diagram.hide : strings.transcript.diagram.show}
              onClick={() => setDrawn(!isDrawn)}
            >
              {isDrawn ? <Code /> : <ChartNoAxesGantt />}
            </IconButton>
          )}
          <CopyButton label={strings.transcript.copyCode} getText={() => code} />
        </span>
      </figcaption>
      {isDrawn ? (
        <Diagram code={code} />
      ) : (
        <pre className={styles.code} tabIndex={0} aria-label={strings.transcript.code}>
          <code>
            <CodeLines code={code} lines={lines} />
          </code>
        </pre>
      )}
    </figure>
  )
}
