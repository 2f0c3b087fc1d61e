import { randomUUID } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createBadInputError, createIdNotFoundError, type SegueError } from '../lib/errors.ts'
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

  async listNames(): Promise<string[]> {
    const names = [...(await listProfileFolders(this.#options.home)), ...(await this.listNamesOfHermes())]
    return [defaultProfileName, ...new Set(names.toSorted())]
  }

  /** Looks at the folders only. */
  async exists(name: string): Promise<boolean> {
    const isOfSegue = name === defaultProfileName || isDirectory(toProfileFolder(this.#options.home, name))
    return isOfSegue || this.existsInHermes(name)
  }

  /** The profiles in the Hermes home, apart from the home itself: folders that hold a state.db. */
  async listNamesOfHermes(): Promise<string[]> {
    const { hermesHome } = this.#options
    const names = hermesHome === null ? [] : await listProfileFolders(hermesHome)
    return names.filter((name) => this.existsInHermes(name))
  }

  existsInHermes(name: string): boolean {
    const { hermesHome } = this.#options
    if (hermesHome === null) return false
    const folder = toProfileFolder(hermesHome, name)
    return isDirectory(folder) && pathExists(toHermesDatabasePath(folder))
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
    throw createHermesProfileError(name)
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

/** What deleting a profile fails with that only Hermes has. */
export function createHermesProfileError(name: string): SegueError {
  return createBadInputError(`The profile ${name} belongs to Hermes and is read-only. Delete it in Hermes.`, 'name')
}

async function listProfileFolders(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isProfileName(entry.name)).map(({ name }) => name)
}

const pathExists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
