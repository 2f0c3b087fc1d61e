import type { ServerLimits } from '../config/limits.ts'
import { SegueError } from '../lib/errors.ts'
import type { Telemetry } from '../lib/telemetry/telemetry.ts'
import { hasProfile, type Viewer } from '../model/viewer.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import type { ProfileLease } from './profile-lease.ts'
import type { ProfileRegistry } from './profile-registry.ts'
import type { ProfileServices } from './profile-services.ts'

/**
 * The profiles that exist for one viewer. Everything that a client asks for goes through it, so that this is the only
 * place that decides which profiles a viewer may see. For reads, a profile of others does not exist. Writing to it, and
 * following it, is FORBIDDEN, whether it exists or not.
 */
export class ViewerProfiles {
  readonly viewer: Viewer
  readonly #registry: ProfileRegistry

  constructor(registry: ProfileRegistry, viewer: Viewer) {
    this.viewer = viewer
    this.#registry = registry
  }

  get limits(): ServerLimits {
    return this.#registry.limits
  }

  /** The currency of all prices and costs: a code of ISO 4217. */
  get currency(): string {
    return this.#registry.currency
  }

  get telemetry(): Telemetry {
    return this.#registry.telemetry
  }

  /** When the server began to start, in epoch milliseconds. */
  get startedAt(): number {
    return this.#registry.startedAt
  }

  /** The profile in which keys are stored that belong to no profile, or to several. */
  get sharedKeyProfile(): string {
    const [first = defaultProfileName] = this.viewer.profiles === 'all' ? [] : this.viewer.profiles
    return this.#exists(defaultProfileName) ? defaultProfileName : first
  }

  /** The names of all existing profiles: `default` first, then by name. */
  async listNames(): Promise<string[]> {
    return (await this.#registry.listNames()).filter((name) => this.#exists(name))
  }

  /** Opens a profile if it exists, and returns null otherwise. Throws as `ProfileRegistry.open` does. */
  async find(name: string): Promise<ProfileServices | null> {
    return this.#exists(name) ? this.#registry.find(name) : null
  }

  /** The services of a profile that is open now. */
  findOpen(name: string): ProfileServices | null {
    return this.#exists(name) ? this.#registry.findOpen(name) : null
  }

  /** Opens all existing profiles. Leaves out those that cannot be opened. */
  async openAll(): Promise<ProfileServices[]> {
    return (await this.#registry.openAll()).filter(({ profile }) => this.#exists(profile.name))
  }

  /** Opens a profile to write to, or to follow. It need not exist. Throws FORBIDDEN, and as `ProfileRegistry.open` does. */
  async acquire(name: string): Promise<ProfileLease> {
    this.#assertAllowed(name)
    return this.#registry.acquire(name)
  }

  /** Creates an empty profile. Throws FORBIDDEN, and BAD_USER_INPUT if it exists. */
  async create(name: string): Promise<void> {
    this.#assertAllowed(name)
    await this.#registry.create(name)
  }

  /** Moves a profile to the trash. Throws FORBIDDEN, and as `ProfileRegistry.delete` does. */
  async delete(name: string): Promise<void> {
    this.#assertAllowed(name)
    await this.#registry.delete(name)
  }

  #exists(name: string): boolean {
    return hasProfile(this.viewer, name)
  }

  #assertAllowed(name: string): void {
    if (this.#exists(name)) return
    throw new SegueError('FORBIDDEN', `Your token is not for the profile ${name}. Use one of its own profiles.`)
  }
}
