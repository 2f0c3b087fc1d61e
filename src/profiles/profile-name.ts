import { join } from 'node:path'
import { namePattern, nameRule } from '../config/name-rule.ts'
import { badInput } from '../lib/errors.ts'

export const defaultProfileName = 'default'

/** Where a profile lies in a home, ours or Hermes'. */
export function profileFolder(home: string, name: string): string {
  return name === defaultProfileName ? home : join(home, 'profiles', name)
}

/** Whether something can be the name of a profile beside `default`. */
export function isProfileName(name: string): boolean {
  return namePattern.test(name) && name !== defaultProfileName
}

/** A profile's name as it was given; not given at all, it is `default`. Throws BAD_USER_INPUT with the argument's path. */
export function parseProfileName(name: string | null | undefined, ...path: string[]): string {
  if (name === null || name === undefined) return defaultProfileName
  if (namePattern.test(name)) return name
  throw badInput(`A profile name has ${nameRule}.`, ...path)
}
