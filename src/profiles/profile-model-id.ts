import { configNamePattern } from '../config/name-rule.ts'

const prefix = 'mdl_'

/** A model of one profile: two profiles may name different models alike. */
export interface ProfileModelName {
  readonly profile: string
  /** `<provider>/<name>`. */
  readonly qualifiedName: string
}

/** The public id of a model. */
export function toProfileModelId({ profile, qualifiedName }: ProfileModelName): string {
  return `${prefix}${profile}:${qualifiedName}`
}

/** Null if the text is not the id of a model. */
export function parseProfileModelId(id: string): ProfileModelName | null {
  const separator = id.indexOf(':')
  if (!id.startsWith(prefix) || separator < 0) return null
  const [profile, qualifiedName] = [id.slice(prefix.length, separator), id.slice(separator + 1)]
  return configNamePattern.test(profile) ? { profile, qualifiedName } : null
}
