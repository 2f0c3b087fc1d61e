import { SelectField } from '../../../components/form/field.tsx'
import { strings } from '../../../strings/strings.ts'
import { hasTimeZone, type ScheduleChoice, scheduleKinds } from './schedule-choice.ts'
import { ScheduleKindFields } from './schedule-kind-fields.tsx'
import { getOwnTimeZone } from '../../../formats/format-time.ts'
import styles from './schedule.module.css'

const text = strings.jobs.schedule
const kindOptions = scheduleKinds.map((kind) => ({ value: kind, label: text.kinds[kind] }))
const timeZoneOptions = [...new Set(['UTC', getOwnTimeZone(), ...Intl.supportedValuesOf('timeZone')])]
  .sort()
  .map((zone) => ({ value: zone, label: zone }))

interface ScheduleFieldProps {
  readonly choice: ScheduleChoice
  readonly timezone: string
  readonly onChange: (changes: Partial<ScheduleChoice>) => void
  readonly onTimezoneChange: (timezone: string) => void
}

/** The fields of a schedule: those of its kind. */
export function ScheduleField({ choice, timezone, onChange, onTimezoneChange }: ScheduleFieldProps) {
  const setKind = (value: string): void => {
    const kind = scheduleKinds.find((each) => each === value)
    if (kind) onChange({ kind })
  }
  const isKnownZone = timeZoneOptions.some(({ value }) => value === timezone)
  const zones = isKnownZone ? timeZoneOptions : [{ value: timezone, label: timezone }, ...timeZoneOptions]
  return (
    <div className={styles.fields}>
      <SelectField label={text.kind} value={choice.kind} options={kindOptions} onChange={setKind} />
      <ScheduleKindFields choice={choice} onChange={onChange} />
      {hasTimeZone(choice.kind) && (
        <SelectField label={text.timezone} value={timezone} options={zones} onChange={onTimezoneChange} />
      )}
    </div>
  )
}
