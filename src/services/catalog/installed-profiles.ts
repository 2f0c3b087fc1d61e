import { createBadInputError, createIdNotFoundError } from '../../lib/errors.ts'
import type { ProfileCatalog, ProfilePaths } from '../../profiles/profile-catalog.ts'
import {
  createHermesProfileError,
  ProfileDirectory,
  type ProfileDirectoryOptions,
} from '../../profiles/profile-directory.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import type { Installation } from '../../storage/installation/installation.ts'

/** The profiles of a database, or those that have folders. */
export function openProfileCatalog(installation: Installation | null, paths: ProfileDirectoryOptions): ProfileCatalog {
  const directory = new ProfileDirectory(paths)
  return installation ? new InstalledProfiles(installation, directory) : directory
}

/**
 * The profiles of a database that several processes share, and those of the Hermes home of this process: opening one of these
 * stores it for all. Each process reads the configuration of a profile from the folder that the profile has in its home, if
 * it has one.
 */
class InstalledProfiles implements ProfileCatalog {
  readonly #installation: Installation
  readonly #directory: ProfileDirectory

  constructor(installation: Installation, directory: ProfileDirectory) {
    this.#installation = installation
    this.#directory = directory
  }

  async listNames(): Promise<string[]> {
    const names = [...(await this.#installation.listProfiles()), ...(await this.#directory.listNamesOfHermes())]
    return [...new Set([defaultProfileName, ...names.toSorted()])]
  }

  async exists(name: string): Promise<boolean> {
    const isKnown = name === defaultProfileName || this.#directory.existsInHermes(name)
    return isKnown || this.#installation.hasProfile(name)
  }

  resolveProfilePaths(name: string): ProfilePaths {
    return this.#directory.resolveProfilePaths(name)
  }

  async create(name: string): Promise<void> {
    const isKnown = name === defaultProfileName || this.#directory.existsInHermes(name)
    if (isKnown || !(await this.#installation.createProfile(name)))
      throw createBadInputError(`The profile ${name} exists already. Choose another name.`, 'name')
  }

  async assertRemovable(name: string): Promise<void> {
    if (name === defaultProfileName)
      throw createBadInputError('The profile default always exists and cannot be deleted. Delete its sessions.', 'name')
    if (!(await this.exists(name))) throw createIdNotFoundError('profile', name)
    const isStored = await this.#installation.hasProfile(name)
    if (!isStored || (await this.#installation.isProfileOfHermesAlone(name))) throw createHermesProfileError(name)
  }

  moveToTrash(name: string): Promise<void> {
    return this.#installation.trashProfile(name)
  }
}
