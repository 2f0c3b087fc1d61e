import { configNamePattern, nameRuleDescription } from '../config/name-rule.ts'
import { createBadInputError } from '../lib/errors.ts'

export const defaultProfileName = 'default'

/** Whether a folder with this name can be a profile. The profile `default` has no folder of its own. */
export function isProfileName(name: string): boolean {
  return configNamePattern.test(name) && name !== defaultProfileName
}

/** Returns the name of a profile, `default` if none is given. Throws BAD_USER_INPUT at the path of the argument. */
export function parseProfileName(name: string | null | undefined, ...path: string[]): string {
  if (name === null || name === undefined) return defaultProfileName
  if (configNamePattern.test(name)) return name
  throw createBadInputError(`The profile name is invalid. Use ${nameRuleDescription}.`, ...path)
}
