import { createBadInputError } from '../lib/errors.ts'
import { schemaBuilder } from './schema-builder.ts'

/** The argument `profile` of fields that read one profile. */
export const profileArgs = schemaBuilder.args((t) => ({
  profile: t.string({ description: 'Name of the profile. Default: `default`.' }),
}))

export interface IntRange {
  readonly name: string
  readonly min: number
  readonly max?: number
}

/** Throws BAD_USER_INPUT if the value of an argument is out of range. */
export function assertIntInRange(value: number, { name, min, max }: IntRange): void {
  if (value >= min && (max === undefined || value <= max)) return
  const range = max === undefined ? `${min} or more` : `a value from ${min} to ${max}`
  throw createBadInputError(`The argument ${name} is ${value}. Use ${range}.`, name)
}
