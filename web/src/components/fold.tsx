import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import styles from './fold.module.css'

interface FoldProps {
  readonly title: ReactNode
  readonly isOpen: boolean
  readonly onToggle: () => void
  /** Is rendered only while it is unfolded. */
  readonly children: ReactNode
  readonly className?: string | undefined
}

/** A line that unfolds what is below it. */
export function Fold({ title, isOpen, onToggle, children, className = '' }: FoldProps) {
  const id = useId()
  return (
    <div className={className}>
      <button
        type="button"
        className={styles.line}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={onToggle}
      >
        {title}
        <ChevronRight className={styles.arrow} aria-hidden="true" />
      </button>
      {isOpen && <div id={id}>{children}</div>}
    </div>
  )
}
