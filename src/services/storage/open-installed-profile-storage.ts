import { HermesIdQualifyingSearch } from '../../hermes/hermes-id-qualifying-search.ts'
import { HermesSettingsSearch } from '../../hermes/hermes-settings-search.ts'
import { HermesJobReader } from '../../hermes/hermes-job-reader.ts'
import { NamespacedHermesJobReader } from '../../hermes/namespaced-hermes-job-reader.ts'
import { RemoteHermesSource } from '../../hermes/shared/remote-hermes-source.ts'
import { serveHermesQueries } from '../../hermes/shared/serve-hermes-queries.ts'
import { createSharedHermesJobSource } from '../../hermes/shared/shared-hermes-job-source.ts'
import { SharedHermesUsageReader } from '../../hermes/shared/shared-hermes-usage-reader.ts'
import { NamespacedHermesUsageReader } from '../../hermes/usage/namespaced-hermes-usage-reader.ts'
import { SharedHermesSearch } from '../../hermes/shared/shared-hermes-search.ts'
import { noTelemetry } from '../../lib/telemetry/telemetry.ts'
import type { ConversationFlags } from '../../model/session-filter.ts'
import { SearchService } from '../../search/search-service.ts'
import { NamespacedSessionReader } from '../../hermes/namespaced-session-reader.ts'
import { SharedHermesAgent } from '../../hermes/shared/shared-hermes-agent.ts'
import { SharedHermesSessionReader } from '../../hermes/shared/shared-hermes-session-reader.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { toHermesDatabasePath } from '../../profiles/profile-paths.ts'
import type { Installation } from '../../storage/installation/installation.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { type ProfileStorageOptions, toHermesSearchSource } from './open-profile-storage.ts'

/** Opens everything of a profile that is stored in the database of an installation, and its Hermes agent. */
export function openInstalledProfileStorage(
  installation: Installation,
  {
    name = defaultProfileName,
    health,
    hermesHome,
    firstStartedAt = 0,
    telemetry = noTelemetry,
    log,
  }: ProfileStorageOptions,
): ProfileStorage {
  const { hermes: index, ...storage } = installation.openStorage({
    profile: name,
    telemetry,
    ...(health && { health }),
  })
  const { commands } = storage
  const path = hermesHome === null ? null : toHermesDatabasePath(hermesHome)
  const agent = new SharedHermesAgent({ index, path, profile: name, firstStartedAt, log })
  const remote = new RemoteHermesSource({ commands, index })
  const hermes = new SharedHermesSessionReader({ agent, index, remote })
  const jobs = new HermesJobReader(createSharedHermesJobSource({ agent, remote }))
  // Each search is measured once, with that of Segue's sessions.
  const hermesSearch =
    path === null ? null : new SearchService({ sources: [toHermesSearchSource(path, name)], telemetry: noTelemetry })
  serveHermesQueries({ commands, findReader: () => agent.findLocalReader(), search: hermesSearch, log })
  const searches = new SharedHermesSearch({ segue: storage.search, hermes: hermesSearch, agent, remote })
  const search = new HermesSettingsSearch(searches, {
    feed: index,
    sessions: {
      findGivenTitles: (query) => index.findGivenTitles(query),
      listAttentions: () => index.listAttentions(),
      listFlagsOfSegueSessions,
    },
  })
  return {
    ...storage,
    name,
    hermesSessions: new NamespacedSessionReader(hermes, name),
    hermesJobs: new NamespacedHermesJobReader(jobs, name),
    hermesUsage: new NamespacedHermesUsageReader(new SharedHermesUsageReader({ agent, index }), name),
    loadHermesStatus: () => agent.loadStatus(),
    listFlagsFromHermes: listFlagsOfSegueSessions,
    search: new HermesIdQualifyingSearch(search, name),
    async close() {
      await Promise.all([agent.close(), search.close()])
      await storage.close()
    },
  }
}

/** The index of the database has the flags of both. */
function listFlagsOfSegueSessions(): Promise<Map<string, ConversationFlags>> {
  return Promise.resolve(new Map())
}
