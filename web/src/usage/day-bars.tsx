import { formatDayWithYear } from './format-day.ts'
import styles from './usage.module.css'

interface DayBar {
  readonly day: string
  readonly value: number
}

interface DayBarsProps {
  readonly bars: readonly DayBar[]
  /** What they show. The figures are in the table beside them. */
  readonly label: string
  /** The value of the highest bar. */
  readonly highest: string
  readonly onPoint: (day: string | null) => void
}

const height = 100

/** One bar for each day, as wide as there is room. */
export function DayBars({ bars, label, highest, onPoint }: DayBarsProps) {
  const max = Math.max(...bars.map(({ value }) => value))
  const first = bars[0]
  const last = bars.at(-1)
  return (
    <figure className={styles.chart}>
      <span className={styles.highest} aria-hidden="true">
        {highest}
      </span>
      <svg
        className={styles.bars}
        role="img"
        aria-label={label}
        viewBox={`0 0 ${bars.length} ${height}`}
        preserveAspectRatio="none"
        onPointerLeave={() => onPoint(null)}
      >
        {bars.map(({ day, value }, index) => {
          // What is not nothing can be seen.
          const barHeight = value === 0 ? 0 : Math.max(1.5, (value / max) * height)
          return (
            <g key={day} className={styles.bar} onPointerEnter={() => onPoint(day)}>
              <rect x={index} y={0} width={1} height={height} className={styles.hit} />
              <rect x={index + 0.1} y={height - barHeight} width={0.8} height={barHeight} className={styles.fill} />
            </g>
          )
        })}
      </svg>
      {first && last && (
        <figcaption className={styles.axis}>
          <span>{formatDayWithYear(first.day)}</span>
          <span>{formatDayWithYear(last.day)}</span>
        </figcaption>
      )}
    </figure>
  )
}
