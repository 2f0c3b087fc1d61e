import { NamespacedSessionReader } from '../../hermes/namespaced-session-reader.ts'
import { SharedHermesAgent } from '../../hermes/shared/shared-hermes-agent.ts'
import { SharedHermesSessionReader } from '../../hermes/shared/shared-hermes-session-reader.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { toHermesDatabasePath } from '../../profiles/profile-paths.ts'
import type { Installation } from '../../storage/installation/installation.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { ProfileStorageOptions } from './open-profile-storage.ts'

/** Opens everything of a profile that is stored in the database of an installation, and its Hermes agent. */
export function openInstalledProfileStorage(
  installation: Installation,
  { name = defaultProfileName, health, hermesHome, log }: ProfileStorageOptions,
): ProfileStorage {
  const { hermes: index, ...storage } = installation.openStorage({ profile: name, ...(health && { health }) })
  const path = hermesHome === null ? null : toHermesDatabasePath(hermesHome)
  const agent = new SharedHermesAgent({ index, path, profile: name, log })
  const hermes = new SharedHermesSessionReader({ agent, index, commands: storage.commands })
  return {
    ...storage,
    name,
    hermesSessions: new NamespacedSessionReader(hermes, name),
    hermesJobs: null,
    hermesUsage: null,
    loadHermesStatus: () => agent.loadStatus(),
    // The index of the database has the flags of both.
    listFlagsFromHermes: () => Promise.resolve(new Map()),
    async close() {
      await agent.close()
      await storage.close()
    },
  }
}
