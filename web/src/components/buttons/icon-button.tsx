import type { ComponentProps, ReactNode } from 'react'
import styles from './icon-button.module.css'

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** What it does: for screen readers, and as a tooltip. */
  readonly label: string
  readonly children: ReactNode
}

/** A button that shows an icon alone. */
export function IconButton({ label, children, className = '', ...props }: IconButtonProps) {
  return (
    <button type="button" className={`${styles.button} ${className}`} aria-label={label} title={label} {...props}>
      {children}
    </button>
  )
}
