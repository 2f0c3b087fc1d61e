import { lstatSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { badInput, notFound } from '../lib/errors.ts'
import { defaultProfile, isProfileName, profileFolder } from './profile-name.ts'

export interface HomesOptions {
  readonly home: string
  /** Null: Hermes is turned off. */
  readonly hermesHome: string | null
}

/** Where a profile lies: its own folder, and that of its Hermes agent. Neither need be there. */
export interface ProfileFolders {
  readonly home: string
  readonly hermesHome: string | null
}

/**
 * Which profiles there are, by the folders in a home and in Hermes'. Only a folder itself counts: a link may lead out of
 * the home, to what belongs to somebody else.
 */
export class Homes {
  readonly #options: HomesOptions

  constructor(options: HomesOptions) {
    this.#options = options
  }

  /** The names of all that exist: `default` first, then by name. A folder of Hermes counts once there is a state.db. */
  async names(): Promise<string[]> {
    const { home, hermesHome } = this.#options
    const own = await namesIn(home)
    const hermes = hermesHome === null ? [] : await namesIn(hermesHome)
    const read = hermes.filter(
      (name) => hermesHome !== null && isThere(join(profileFolder(hermesHome, name), 'state.db')),
    )
    return [defaultProfile, ...new Set([...own, ...read].toSorted())]
  }

  /** Throws BAD_USER_INPUT when something else lies where the profile's folder would be. */
  foldersOf(name: string): ProfileFolders {
    const { home, hermesHome } = this.#options
    if (name === defaultProfile) return { home, hermesHome }
    const own = profileFolder(home, name)
    const hermes = hermesHome === null ? null : profileFolder(hermesHome, name)
    if (isThere(own) && !isFolder(own)) throw badInput(`What lies at the place of the profile ${name} is no folder.`)
    return { home: own, hermesHome: hermes !== null && isThere(hermes) && !isFolder(hermes) ? null : hermes }
  }

  /** Makes an empty one. Throws BAD_USER_INPUT when it is there. */
  async create(name: string): Promise<void> {
    const isTaken = () => badInput(`There is a profile ${name} already.`, 'name')
    if ((await this.names()).includes(name)) throw isTaken()
    const folder = profileFolder(this.#options.home, name)
    await mkdir(join(folder, '..'), { recursive: true, mode: 0o700 })
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw hasCode(error, 'EEXIST') ? isTaken() : error
    })
  }

  /** Throws BAD_USER_INPUT for `default` and for a profile of Hermes alone, and NOT_FOUND. */
  async checkRemovable(name: string): Promise<void> {
    if (name === defaultProfile) throw badInput('The profile default is the home itself and cannot be deleted.', 'name')
    if (isFolder(profileFolder(this.#options.home, name))) return
    if (!(await this.names()).includes(name)) throw notFound('profile', name)
    throw badInput(`Only Hermes has a profile ${name}, and what is Hermes' is only read.`, 'name')
  }

  /** Moves the profile's own folder to where no profile is looked for. Nothing is erased. */
  async putAside(name: string): Promise<void> {
    const folder = profileFolder(this.#options.home, name)
    // Beside the others: elsewhere might be another disk. No profile has such a name.
    const aside = join(folder, '..', '.deleted')
    await mkdir(aside, { recursive: true, mode: 0o700 })
    await rename(folder, join(aside, `${name}-${new Date().toISOString().replaceAll(':', '-')}`))
  }
}

async function namesIn(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isProfileName(entry.name)).map(({ name }) => name)
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
