import type { FormField } from './form-field.ts'

/** What a control for one value of a form is given. */
export interface FormFieldControlProps {
  readonly field: FormField
  readonly text: string
  readonly error: string | null
  onChange(text: string): void
}
