import { parseIdKind } from '../lib/ids.ts'
import { defaultProfileName } from './profile-name.ts'

/**
 * Tells the ids of one profile's Hermes agent from those of any other: outside of storage they begin with the profile's
 * name, as in `work@20260101_120000_ab12cd`. The default profile has no prefix. Ids that Segue made are unique anyway and
 * stay as they are.
 */
export class ProfileIdNamespace {
  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix
  }

  static forProfile(profile: string): ProfileIdNamespace {
    return new ProfileIdNamespace(profile === defaultProfileName ? '' : `${profile}@`)
  }

  /** Of a session, a message or a tool call: everything that begins with a session's id. */
  qualify(id: string): string {
    return parseIdKind(id) === null ? this.prefix + id : id
  }

  /** The id as Hermes knows it; null for an id of another profile. */
  unqualify(id: string): string | null {
    if (parseIdKind(id) !== null) return id
    return id.startsWith(this.prefix) ? id.slice(this.prefix.length) : null
  }

  /** Leaves out ids of other profiles. */
  unqualifyAll(ids: readonly string[]): string[] {
    return ids.flatMap((id) => this.unqualify(id) ?? [])
  }
}
