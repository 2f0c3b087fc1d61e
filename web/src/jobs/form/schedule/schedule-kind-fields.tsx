import { Field, SelectField } from '../../../components/form/field.tsx'
import { strings } from '../../../strings/strings.ts'
import { durationUnits, type ScheduleChoice } from './schedule-choice.ts'

const text = strings.jobs.schedule
const weekdayOptions = text.weekdays.map((label, day) => ({ value: String(day), label }))
const unitOptions = durationUnits.map((unit) => ({ value: unit, label: text.units[unit] }))

interface ScheduleKindFieldsProps {
  readonly choice: ScheduleChoice
  readonly onChange: (changes: Partial<ScheduleChoice>) => void
}

/** The fields that a kind of schedule has besides its time zone. */
export function ScheduleKindFields({ choice, onChange }: ScheduleKindFieldsProps) {
  switch (choice.kind) {
    case 'interval':
    case 'delay':
      return <DurationFields choice={choice} onChange={onChange} />
    case 'once':
      return (
        <Field
          type="datetime-local"
          label={text.at}
          value={choice.onceAt}
          required
          onChange={(onceAt) => onChange({ onceAt })}
        />
      )
    case 'custom':
      return (
        <Field
          label={text.text}
          hint={text.textHint}
          value={choice.text}
          required
          spellCheck={false}
          onChange={(schedule) => onChange({ text: schedule })}
        />
      )
    default:
      return <ClockFields choice={choice} onChange={onChange} />
  }
}

/** A time of the days that the kind says. */
function ClockFields({ choice: { kind, weekday, dayOfMonth, time }, onChange }: ScheduleKindFieldsProps) {
  return (
    <>
      {kind === 'weekly' && (
        <SelectField
          label={text.on}
          value={weekday}
          options={weekdayOptions}
          onChange={(day) => onChange({ weekday: day })}
        />
      )}
      {kind === 'monthly' && (
        <Field
          type="number"
          min={1}
          max={31}
          label={text.dayOfMonth}
          value={dayOfMonth}
          required
          onChange={(day) => onChange({ dayOfMonth: day })}
        />
      )}
      <Field type="time" label={text.at} value={time} required onChange={(value) => onChange({ time: value })} />
    </>
  )
}

function DurationFields({ choice: { kind, count, unit }, onChange }: ScheduleKindFieldsProps) {
  return (
    <>
      <Field
        type="number"
        min={1}
        label={kind === 'interval' ? text.every : text.after}
        value={count}
        required
        onChange={(value) => onChange({ count: value })}
      />
      <SelectField
        label={text.unit}
        value={unit}
        options={unitOptions}
        onChange={(value) => onChange({ unit: value })}
      />
    </>
  )
}
