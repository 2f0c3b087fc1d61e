import { strings } from '../../../strings/strings.ts'
import styles from './tool-value.module.css'

/** A unified diff. Signs and words tell what is added and removed, not the colours alone. */
export function DiffView({ diff }: { readonly diff: string }) {
  const lines = diff.replace(/\n$/, '').split('\n')
  return (
    <pre className={styles.diff} tabIndex={0} aria-label={strings.tools.diff}>
      {lines.map((line, index) => (
        // Lines of a diff keep their place.
        <span key={index} data-kind={toKind(line)}>
          {line || ' '}
        </span>
      ))}
    </pre>
  )
}

function toKind(line: string): string | undefined {
  if (/^(?:diff |index |--- |\+\+\+ |@@)/.test(line)) return 'heading'
  if (line.startsWith('+')) return 'added'
  return line.startsWith('-') ? 'removed' : undefined
}
