import { defaultProfileName, isProfileName } from './profile-name.ts'

const prefix = 'prf_'

/** The public id of a profile. */
export function toProfileId(name: string): string {
  return prefix + name
}

/** The name of the profile with this id, which need not exist. Null if no profile can have the id. */
export function parseProfileId(id: string): string | null {
  if (!id.startsWith(prefix)) return null
  const name = id.slice(prefix.length)
  return name === defaultProfileName || isProfileName(name) ? name : null
}
