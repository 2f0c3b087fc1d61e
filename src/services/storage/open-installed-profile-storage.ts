import { defaultProfileName } from '../../profiles/profile-name.ts'
import type { Installation } from '../../storage/installation/installation.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { ProfileStorageOptions } from './open-profile-storage.ts'

/** Opens everything of a profile that is stored in the database of an installation. Hermes is not read. */
export function openInstalledProfileStorage(
  installation: Installation,
  { name = defaultProfileName, health }: Pick<ProfileStorageOptions, 'name' | 'health'>,
): ProfileStorage {
  return {
    ...installation.openStorage({ profile: name, ...(health && { health }) }),
    name,
    hermesSessions: null,
    hermesJobs: null,
    hermesUsage: null,
    loadHermesStatus: () => Promise.resolve({ state: 'DISABLED', error: null }),
    listFlagsFromHermes: () => Promise.resolve(new Map()),
  }
}
