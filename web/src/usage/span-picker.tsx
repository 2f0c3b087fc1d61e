import { Field } from '../components/form/field.tsx'
import { strings } from '../strings/strings.ts'
import { isSpan, lastDays, spanLengths, type UsageSpan } from './span.ts'
import styles from './usage.module.css'

interface SpanPickerProps {
  readonly span: UsageSpan
  readonly onChange: (span: UsageSpan) => void
}

/** The days that are summed: the last ones, or any. */
export function SpanPicker({ span, onChange }: SpanPickerProps) {
  const text = strings.usage.span
  const now = Date.now()
  const today = lastDays(1, now).to
  return (
    <div className={styles.picker} role="group" aria-label={text.label}>
      <div className={styles.lengths}>
        {spanLengths.map((length) => {
          const { from, to } = lastDays(length, now)
          return (
            <button
              key={length}
              type="button"
              className={styles.length}
              aria-pressed={span.from === from && span.to === to}
              onClick={() => onChange({ from, to })}
            >
              {text.last(length)}
            </button>
          )
        })}
      </div>
      <div className={styles.days}>
        <Field
          type="date"
          label={text.from}
          value={span.from}
          max={span.to}
          onChange={(from) => onChange({ ...span, from })}
        />
        <Field
          type="date"
          label={text.to}
          value={span.to}
          min={span.from}
          max={today}
          onChange={(to) => onChange({ ...span, to })}
        />
      </div>
      {!isSpan(span) && (
        <p className={styles.problem} role="alert">
          {text.invalid}
        </p>
      )}
    </div>
  )
}
