import { SelectField, TextField } from '../../components/form/field.tsx'
import { JobFormChoicesDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import type { JobFormValues } from './job-form-values.ts'
import styles from './job-form.module.css'

interface JobModelFieldsProps {
  readonly values: JobFormValues
  readonly onChange: (changes: Partial<JobFormValues>) => void
  readonly isExisting: boolean
}

/** Who answers: the profile, the model, its effort and the instructions. */
export function JobModelFields({ values, onChange, isExisting }: JobModelFieldsProps) {
  const text = strings.jobs.form
  const { data } = useQuery(JobFormChoicesDocument, { profile: values.profile })
  const models = data?.models ?? []
  const profiles = data?.profiles.map(({ name }) => name) ?? []
  const model = models.find(({ qualifiedName, isDefault }) =>
    values.model === '' ? isDefault : qualifiedName === values.model,
  )
  const defaultName = models.find(({ isDefault }) => isDefault)?.qualifiedName ?? null
  return (
    <>
      <div className={styles.row}>
        {!isExisting && profiles.length > 1 && (
          <SelectField
            label={text.profile}
            value={values.profile}
            options={withValue(profiles, values.profile).map(toOption)}
            // Its models are others.
            onChange={(profile) => onChange({ profile, model: '', effort: '' })}
          />
        )}
        <SelectField
          label={text.model}
          value={values.model}
          options={[
            { value: '', label: text.modelDefault(defaultName) },
            ...withValue(
              models.map(({ qualifiedName }) => qualifiedName),
              values.model,
            ).map(toOption),
          ]}
          onChange={(qualifiedName) => onChange({ model: qualifiedName, effort: '' })}
        />
        <SelectField
          label={text.effort}
          value={values.effort}
          options={[
            { value: '', label: text.effortDefault },
            ...withValue(model?.efforts ?? [], values.effort).map(toOption),
          ]}
          onChange={(effort) => onChange({ effort })}
        />
      </div>
      <TextField
        label={text.instructions}
        hint={text.instructionsHint}
        value={values.instructions}
        maxLength={65_536}
        onChange={(instructions) => onChange({ instructions })}
      />
    </>
  )
}

/** The values, with the chosen one, which may be gone, or not be known yet. */
function withValue(values: readonly string[], chosen: string): readonly string[] {
  return chosen === '' || values.includes(chosen) ? values : [chosen, ...values]
}

const toOption = (value: string): { readonly value: string; readonly label: string } => ({ value, label: value })
