import { type ComponentProps, type MouseEvent, useContext } from 'react'
import type { ExtraProps } from 'react-markdown'
import { strings } from '../../../strings/strings.ts'
import styles from './notes.module.css'
import { NotesContext } from './notes-context.ts'

/** The mark of a footnote: it leads to the note. */
export function NoteReference({ node }: ComponentProps<'sup'> & ExtraProps) {
  const name = useNoteName(node)
  return (
    <sup className={styles.mark}>
      <button
        type="button"
        className={styles.reference}
        data-note-reference={name}
        aria-label={strings.transcript.note(name)}
        onClick={(event) => goTo(event, `[data-note="${CSS.escape(name)}"]`)}
      >
        {name}
      </button>
    </sup>
  )
}

/** A footnote, with the way back to where it is referred to. */
export function Note({ node, children }: ComponentProps<'section'> & ExtraProps) {
  const name = useNoteName(node)
  const hasReference = useContext(NotesContext).size > 0
  return (
    <div className={styles.note} role="note" data-note={name} tabIndex={-1}>
      <span className={styles.number}>{name}.</span>
      <div className={styles.text}>{children}</div>
      {hasReference && (
        <button
          type="button"
          className={styles.back}
          aria-label={strings.transcript.backToNote(name)}
          onClick={(event) => goTo(event, `[data-note-reference="${CSS.escape(name)}"]`)}
        >
          ↩
        </button>
      )}
    </div>
  )
}

/** The number of a note, or its label while the text grows. */
function useNoteName(node: ExtraProps['node']): string {
  const numbers = useContext(NotesContext)
  const label = String(node?.properties['dataNote'] ?? '')
  return String(numbers.get(label.toLowerCase()) ?? label)
}

/** Shows, and focuses, the first such element of the same text. */
function goTo({ currentTarget }: MouseEvent<HTMLElement>, selector: string): void {
  const target = currentTarget.closest('[data-markdown]')?.querySelector<HTMLElement>(selector)
  target?.scrollIntoView({ block: 'nearest' })
  target?.focus({ preventScroll: true })
}
