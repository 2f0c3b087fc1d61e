import { strings } from '../../../strings/strings.ts'
import { CopyButton } from '../../../components/copy-button.tsx'
import type { CodeBlockContent } from '../blocks/markdown-block.ts'
import styles from './code-block.module.css'
import { CodeLines } from './code-lines.tsx'
import { useHighlightedLines } from './use-highlighted-lines.ts'

interface CodeBlockProps extends CodeBlockContent {
  /** What it is, in place of its language: such as the path of a file. */
  readonly title?: string | null
}

/** Code with its language and a button that copies it. It is highlighted once its end has arrived. */
export function CodeBlock({ code, language, isClosed, title = null }: CodeBlockProps) {
  const lines = useHighlightedLines(code, language, isClosed)
  return (
    <figure className={styles.block}>
      <figcaption className={styles.bar}>
        <span>{title ?? (language || strings.transcript.code)}</span>
        <CopyButton label={strings.transcript.copyCode} getText={() => code} />
      </figcaption>
      <pre className={styles.code} tabIndex={0} aria-label={strings.transcript.code}>
        <code>
          <CodeLines code={code} lines={lines} />
        </code>
      </pre>
    </figure>
  )
}
