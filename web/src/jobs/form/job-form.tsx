import { ErrorText } from '../../components/error-text.tsx'
import type { FormEvent } from 'react'
import { Link } from 'wouter'
import { Button } from '../../components/buttons/button.tsx'
import { Field, TextField } from '../../components/form/field.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { strings } from '../../strings/strings.ts'
import { JobModelFields } from './job-model-fields.tsx'
import type { JobFormValues } from './job-form-values.ts'
import { ScheduleField } from './schedule/schedule-field.tsx'
import { SchedulePreview } from './schedule/schedule-preview.tsx'
import { toSchedule } from './schedule/schedule-choice.ts'
import { useSchedulePreview } from './schedule/use-schedule-preview.ts'
import styles from './job-form.module.css'

interface JobFormProps {
  readonly values: JobFormValues
  readonly onChange: (changes: Partial<JobFormValues>) => void
  /** The due times of the job as it is; null if its schedule was changed, or is new. */
  readonly knownTimes: readonly string[] | null
  /** Whether the job is there: then it stays in its profile. */
  readonly isExisting: boolean
  readonly onSubmit: () => Promise<void>
  /** Where Cancel leads to. */
  readonly cancelPath: string
  readonly onCancel: () => void
}

/** The form of a job, new or not. What the server refuses is said below it, and nothing that was typed is lost. */
export function JobForm(props: JobFormProps) {
  const { values, onChange, knownTimes, isExisting, onSubmit, cancelPath, onCancel } = props
  const text = strings.jobs.form
  const { isRunning, error, run } = useAction()
  const preview = useSchedulePreview(knownTimes ? '' : toSchedule(values), values.timezone)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    run(onSubmit)
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={text.name} value={values.name} required maxLength={200} onChange={(name) => onChange({ name })} />
      <TextField
        label={text.prompt}
        hint={text.promptHint}
        value={values.prompt}
        required
        onChange={(prompt) => onChange({ prompt })}
      />
      <fieldset className={styles.group}>
        <legend>{strings.jobs.schedule.label}</legend>
        <ScheduleField
          choice={values}
          timezone={values.timezone}
          onChange={onChange}
          onTimezoneChange={(timezone) => onChange({ timezone })}
        />
        <SchedulePreview
          times={knownTimes ?? preview.times}
          error={knownTimes ? null : preview.error}
          timezone={values.timezone}
        />
      </fieldset>
      <JobModelFields values={values} onChange={onChange} isExisting={isExisting} />
      <LimitFields values={values} onChange={onChange} />
      <ErrorText className={styles.error}>{error}</ErrorText>
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" disabled={isRunning}>
          {isExisting ? text.save : text.create}
        </Button>
        <Link href={cancelPath} className={styles.cancel} onClick={onCancel}>
          {text.cancel}
        </Link>
      </div>
    </form>
  )
}

function LimitFields({ values, onChange }: Pick<JobFormProps, 'values' | 'onChange'>) {
  const text = strings.jobs.form
  return (
    <fieldset className={styles.group}>
      <legend>{text.limits}</legend>
      <div className={styles.row}>
        <Field
          type="number"
          min={0}
          label={text.budgetTokens}
          placeholder={text.noLimit}
          value={values.budgetTokens}
          onChange={(budgetTokens) => onChange({ budgetTokens })}
        />
        <Field
          type="number"
          min={0}
          step="any"
          label={text.budgetCost}
          hint={text.budgetCostHint}
          placeholder={text.noLimit}
          value={values.budgetCost}
          onChange={(budgetCost) => onChange({ budgetCost })}
        />
        <Field
          type="number"
          min={0}
          label={text.repeatLimit}
          placeholder={text.noLimit}
          value={values.repeatLimit}
          onChange={(repeatLimit) => onChange({ repeatLimit })}
        />
      </div>
    </fieldset>
  )
}
