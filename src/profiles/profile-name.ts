import { badInput } from '../errors.ts'

export const defaultProfile = 'default'

/** The whole string: `$` alone would let a newline at the end through. */
const valid = /^[a-z0-9][a-z0-9_-]{0,63}(?![^])/

/** A profile's name as it was given; not given at all, it is `default`. Throws BAD_USER_INPUT with the argument's path. */
export function profileName(given: string | null | undefined, ...path: string[]): string {
  if (given === null || given === undefined) return defaultProfile
  if (valid.test(given)) return given
  throw badInput(
    'A profile name has 1 to 64 characters of a-z, 0-9, "-" and "_", and begins with a letter or a digit.',
    ...path,
  )
}
