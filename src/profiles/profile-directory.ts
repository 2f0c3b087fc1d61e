import { randomUUID } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createBadInputError, createIdNotFoundError } from '../lib/errors.ts'
import type { ProfileCatalog, ProfilePaths } from './profile-catalog.ts'
import { defaultProfileName, isProfileName } from './profile-name.ts'
import { toHermesDatabasePath, toProfileFolder } from './profile-paths.ts'

export interface ProfileDirectoryOptions {
  readonly home: string
  /** Null if Hermes is turned off. */
  readonly hermesHome: string | null
}

/**
 * Finds, creates and deletes profiles, which are folders in a Segue home and in a Hermes home. Ignores symbolic links,
 * because they may lead out of the home to another user's data.
 */
export class ProfileDirectory implements ProfileCatalog {
  readonly #options: ProfileDirectoryOptions

  constructor(options: ProfileDirectoryOptions) {
    this.#options = options
  }

  /** A folder in the Hermes home counts if it holds a state.db. */
  async listNames(): Promise<string[]> {
    const { home, hermesHome } = this.#options
    const segueNames = await listProfileFolders(home)
    const hermesNames = hermesHome === null ? [] : await listHermesProfiles(hermesHome)
    return [defaultProfileName, ...new Set([...segueNames, ...hermesNames].toSorted())]
  }

  /** Looks at the folders only. */
  async exists(name: string): Promise<boolean> {
    const { home, hermesHome } = this.#options
    if (name === defaultProfileName || isDirectory(toProfileFolder(home, name))) return true
    if (hermesHome === null) return false
    const hermesFolder = toProfileFolder(hermesHome, name)
    return isDirectory(hermesFolder) && pathExists(toHermesDatabasePath(hermesFolder))
  }

  resolveProfilePaths(name: string): ProfilePaths {
    const { home, hermesHome } = this.#options
    if (name === defaultProfileName) return { home, hermesHome }
    const segueFolder = toProfileFolder(home, name)
    if (pathExists(segueFolder) && !isDirectory(segueFolder))
      throw createBadInputError(`The path of profile ${name} is not a directory. Move it away, or choose another name.`)
    const hermesFolder = hermesHome === null ? null : toProfileFolder(hermesHome, name)
    const isUsable = hermesFolder === null || isDirectory(hermesFolder) || !pathExists(hermesFolder)
    return { home: segueFolder, hermesHome: isUsable ? hermesFolder : null }
  }

  async create(name: string): Promise<void> {
    const newExistsError = () => createBadInputError(`The profile ${name} exists already. Choose another name.`, 'name')
    if ((await this.listNames()).includes(name)) throw newExistsError()
    const folder = toProfileFolder(this.#options.home, name)
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw hasErrorCode(error, 'EEXIST') ? newExistsError() : error
    })
  }

  async assertRemovable(name: string): Promise<void> {
    if (name === defaultProfileName)
      throw createBadInputError(
        'The profile default is the home itself and cannot be deleted. Delete its sessions.',
        'name',
      )
    if (isDirectory(toProfileFolder(this.#options.home, name))) return
    if (!(await this.listNames()).includes(name)) throw createIdNotFoundError('profile', name)
    throw createBadInputError(`The profile ${name} belongs to Hermes and is read-only. Delete it in Hermes.`, 'name')
  }

  /** Moves the profile's folder to `profiles/.deleted`. */
  async moveToTrash(name: string): Promise<void> {
    const folder = toProfileFolder(this.#options.home, name)
    // In the same folder, because a rename cannot cross file systems. A profile name never begins with a dot.
    const trashFolder = join(dirname(folder), '.deleted')
    await mkdir(trashFolder, { recursive: true, mode: 0o700 })
    const deletedAt = new Date().toISOString().replaceAll(':', '-')
    // Two profiles of one name may be deleted in the same millisecond.
    await rename(folder, join(trashFolder, `${name}-${deletedAt}-${randomUUID().slice(0, 8)}`))
  }
}

async function listProfileFolders(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isProfileName(entry.name)).map(({ name }) => name)
}

async function listHermesProfiles(hermesHome: string): Promise<string[]> {
  const names = await listProfileFolders(hermesHome)
  return names.filter((name) => pathExists(toHermesDatabasePath(toProfileFolder(hermesHome, name))))
}

const pathExists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
