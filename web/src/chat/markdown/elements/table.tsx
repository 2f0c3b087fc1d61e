import type { CSSProperties, ReactNode, Ref } from 'react'
import { strings } from '../../../strings/strings.ts'
import styles from '../markdown.module.css'

interface TableProps {
  readonly children?: ReactNode
  readonly ref?: Ref<HTMLTableElement>
  /** The widths that the columns keep, in pixels. Where there is more room, they share it. Default: what the cells need. */
  readonly columns?: readonly number[] | null
}

/** A wide table scrolls sideways, alone. */
export function Table({ children, ref, columns = null }: TableProps) {
  return (
    <div
      className={styles.tableScroller}
      tabIndex={0}
      role="region"
      aria-label={strings.transcript.table}
      data-long={columns ? true : undefined}
    >
      <table ref={ref} style={columns ? toStyle(columns) : undefined}>
        {children}
      </table>
    </div>
  )
}

function toStyle(columns: readonly number[]): CSSProperties & { readonly '--columns': string } {
  const width = columns.reduce((sum, column) => sum + column, 0)
  return { minWidth: width, '--columns': columns.map((column) => `minmax(0, ${column}fr)`).join(' ') }
}
