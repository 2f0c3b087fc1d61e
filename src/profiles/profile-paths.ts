import { join } from 'node:path'
import { defaultProfileName } from './profile-name.ts'

/** Returns the folder of a profile in a home of Segue or Hermes. The profile `default` is the home itself. */
export function toProfileFolder(home: string, name: string): string {
  return name === defaultProfileName ? home : join(home, 'profiles', name)
}

/** The database of a profile, in the profile's folder. */
export const toDatabasePath = (folder: string): string => join(folder, 'segue.db')

/** The index over the sessions of the profile's Hermes agent. It can be deleted at any time. */
export const toHermesConversationIndexPath = (folder: string): string => join(folder, 'hermes-index.db')

/** The folder of a profile's blobs. */
export const toBlobFolder = (folder: string): string => join(folder, 'files')

/** The database of a Hermes agent, in the folder of its profile. */
export const toHermesDatabasePath = (hermesFolder: string): string => join(hermesFolder, 'state.db')
