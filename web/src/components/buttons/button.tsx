import type { ComponentProps } from 'react'
import styles from './button.module.css'

interface ButtonProps extends ComponentProps<'button'> {
  /** `primary`: what most people want here. `danger`: what cannot be undone. Default: `secondary`. */
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
}

export function Button({ kind = 'secondary', className = '', ...props }: ButtonProps) {
  return <button type="button" className={`${styles.button} ${styles[kind]} ${className}`} {...props} />
}
