import { useState } from 'react'
import { strings } from '../../strings/strings.ts'
import { revealHiddenCharacters } from './reveal-hidden-characters.ts'
import styles from './arguments.module.css'

const maxLines = 8
const maxLength = 600 // UTF-16 code units

/** A text that others wrote, as code: nothing in it is hidden. A long one is folded. */
export function FoldedText({ text }: { readonly text: string }) {
  const [isOpen, setOpen] = useState(false)
  const shown = revealHiddenCharacters(text)
  const lines = shown.split('\n')
  const isLong = lines.length > maxLines || shown.length > maxLength
  const start = lines.slice(0, maxLines).join('\n').slice(0, maxLength)
  return (
    <>
      <pre className={styles.text}>{isLong && !isOpen ? `${start} …` : shown}</pre>
      {isLong && (
        <button type="button" className={styles.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? strings.decisions.showLess : strings.decisions.showAll(lines.length)}
        </button>
      )}
    </>
  )
}
