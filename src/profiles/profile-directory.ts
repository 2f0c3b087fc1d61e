import { lstatSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { badInput, notFound } from '../lib/errors.ts'
import { defaultProfileName, isProfileName, profileFolder } from './profile-name.ts'

export interface ProfileDirectoryOptions {
  readonly home: string
  /** Null: Hermes is turned off. */
  readonly hermesHome: string | null
}

/** Where a profile lies: its own folder, and that of its Hermes agent. Neither need be there. */
export interface ProfilePaths {
  readonly home: string
  readonly hermesHome: string | null
}

/**
 * Which profiles there are, by the folders in a home and in Hermes'. Only a folder itself counts: a link may lead out of
 * the home, to what belongs to somebody else.
 */
export class ProfileDirectory {
  readonly #options: ProfileDirectoryOptions

  constructor(options: ProfileDirectoryOptions) {
    this.#options = options
  }

  /** The names of all that exist: `default` first, then by name. A folder of Hermes counts once there is a state.db. */
  async listNames(): Promise<string[]> {
    const { home, hermesHome } = this.#options
    const segueNames = await listProfileNames(home)
    const hermesNames = hermesHome === null ? [] : await listProfileNames(hermesHome)
    const readableHermesNames = hermesNames.filter(
      (name) => hermesHome !== null && pathExists(join(profileFolder(hermesHome, name), 'state.db')),
    )
    return [defaultProfileName, ...new Set([...segueNames, ...readableHermesNames].toSorted())]
  }

  /** The same for one name, without listing all. */
  exists(name: string): boolean {
    const { home, hermesHome } = this.#options
    if (name === defaultProfileName || isDirectory(profileFolder(home, name))) return true
    if (hermesHome === null) return false
    const hermesFolder = profileFolder(hermesHome, name)
    return isDirectory(hermesFolder) && pathExists(join(hermesFolder, 'state.db'))
  }

  /** Throws BAD_USER_INPUT when something else lies where the profile's folder would be. */
  resolveProfilePaths(name: string): ProfilePaths {
    const { home, hermesHome } = this.#options
    if (name === defaultProfileName) return { home, hermesHome }
    const segueFolder = profileFolder(home, name)
    const hermesFolder = hermesHome === null ? null : profileFolder(hermesHome, name)
    if (pathExists(segueFolder) && !isDirectory(segueFolder))
      throw badInput(`What lies at the place of the profile ${name} is no folder.`)
    return {
      home: segueFolder,
      hermesHome: hermesFolder !== null && pathExists(hermesFolder) && !isDirectory(hermesFolder) ? null : hermesFolder,
    }
  }

  /** Makes an empty one. Throws BAD_USER_INPUT when it is there. */
  async create(name: string): Promise<void> {
    const alreadyExistsError = () => badInput(`There is a profile ${name} already.`, 'name')
    if ((await this.listNames()).includes(name)) throw alreadyExistsError()
    const folder = profileFolder(this.#options.home, name)
    await mkdir(join(folder, '..'), { recursive: true, mode: 0o700 })
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw hasErrorCode(error, 'EEXIST') ? alreadyExistsError() : error
    })
  }

  /** Throws BAD_USER_INPUT for `default` and for a profile of Hermes alone, and NOT_FOUND. */
  async assertRemovable(name: string): Promise<void> {
    if (name === defaultProfileName)
      throw badInput('The profile default is the home itself and cannot be deleted.', 'name')
    if (isDirectory(profileFolder(this.#options.home, name))) return
    if (!(await this.listNames()).includes(name)) throw notFound('profile', name)
    throw badInput(`Only Hermes has a profile ${name}, and what is Hermes' is only read.`, 'name')
  }

  /** Moves the profile's own folder to where no profile is looked for. Nothing is erased. */
  async moveToTrash(name: string): Promise<void> {
    const folder = profileFolder(this.#options.home, name)
    // Beside the others: elsewhere might be another disk. No profile has such a name.
    const trashFolder = join(folder, '..', '.deleted')
    await mkdir(trashFolder, { recursive: true, mode: 0o700 })
    await rename(folder, join(trashFolder, `${name}-${new Date().toISOString().replaceAll(':', '-')}`))
  }
}

async function listProfileNames(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isProfileName(entry.name)).map(({ name }) => name)
}

const pathExists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
