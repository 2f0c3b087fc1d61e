import { join } from 'node:path'
import { namePattern, nameRule } from '../config/name-rule.ts'
import { badInput } from '../lib/errors.ts'

export const defaultProfile = 'default'

/** Where a profile lies in a home, ours or Hermes'. */
export function profileFolder(home: string, name: string): string {
  return name === defaultProfile ? home : join(home, 'profiles', name)
}

/** Whether something can be the name of a profile beside `default`. */
export function isProfileName(name: string): boolean {
  return namePattern.test(name) && name !== defaultProfile
}

/** A profile's name as it was given; not given at all, it is `default`. Throws BAD_USER_INPUT with the argument's path. */
export function profileName(given: string | null | undefined, ...path: string[]): string {
  if (given === null || given === undefined) return defaultProfile
  if (namePattern.test(given)) return given
  throw badInput(`A profile name has ${nameRule}.`, ...path)
}
