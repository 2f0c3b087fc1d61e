import { parseIdKind } from '../lib/ids.ts'
import { defaultProfileName } from './profile-name.ts'

/** Ids that begin like one of another type: a conversation's, a profile's or a model's, or like one of a named profile. */
const reservedIdPattern = /^(?:cnv_|prf_|mdl_|[a-z0-9][a-z0-9_-]{0,63}@)/

const defaultPrefix = `${defaultProfileName}@`

/**
 * What an id is compared by in the lists of one profile. The ids of a named profile's Hermes sessions have the same prefix,
 * and those of the default profile are compared without it, because only some of them have it.
 */
export function toSortableId(id: string): string {
  return id.startsWith(defaultPrefix) ? id.slice(defaultPrefix.length) : id
}

/**
 * Tells the ids of one profile's Hermes agent from those of any other, and from those of other types: outside of storage
 * they begin with the profile's name, as in `work@20260101_120000_ab12cd`. Those of the default profile stay as they are,
 * except the ones that could be taken for another's: `cnv_x` is `default@cnv_x`. Ids that Segue made are unique anyway and
 * stay as they are.
 */
export class ProfileIdNamespace {
  readonly prefix: string
  readonly isDefault: boolean

  constructor(profile: string) {
    this.prefix = `${profile}@`
    this.isDefault = profile === defaultProfileName
  }

  /** Of a session, a message or a tool call: everything that begins with a session's id. */
  qualify(id: string): string {
    return parseIdKind(id) === null ? this.qualifyHermesId(id) : id
  }

  /** The same of an id that is known to be of Hermes. */
  qualifyHermesId(id: string): string {
    return this.#staysAsItIs(id) ? id : this.prefix + id
  }

  /** The id as Hermes knows it; null for an id of another profile. */
  unqualify(id: string): string | null {
    if (parseIdKind(id) !== null || this.#staysAsItIs(id)) return id
    const localId = id.startsWith(this.prefix) ? id.slice(this.prefix.length) : null
    return localId === null || this.#staysAsItIs(localId) ? null : localId
  }

  /** Leaves out ids of other profiles. */
  unqualifyAll(ids: readonly string[]): string[] {
    return ids.flatMap((id) => this.unqualify(id) ?? [])
  }

  #staysAsItIs(id: string): boolean {
    return this.isDefault && !reservedIdPattern.test(id)
  }
}
