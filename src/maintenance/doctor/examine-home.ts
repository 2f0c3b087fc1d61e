import { statSync } from 'node:fs'
import { HttpClient } from '../../lib/http/http-client.ts'
import { ProfileDirectory } from '../../profiles/profile-directory.ts'
import { toProfileFolder } from '../../profiles/profile-paths.ts'
import { checkBlobs } from './checks/check-blobs.ts'
import { checkConfig, type ConfigCheck } from './checks/check-config.ts'
import { checkMcpServers, checkProviders } from './checks/check-connections.ts'
import { checkDatabase } from './checks/check-database.ts'
import { checkHermes } from './checks/check-hermes.ts'
import { checkHome } from './checks/check-home.ts'
import { checkPermissions } from './checks/check-permissions.ts'
import { checkSharedDatabase } from './checks/check-shared-database.ts'
import { type CheckResult, checkNames } from './finding.ts'
import type { HomeUnderCheck, ProfileUnderCheck } from './home-under-check.ts'

export interface Examination {
  /** In the order of `checkNames`. */
  readonly results: readonly CheckResult[]
  /** The profiles with a damaged database. */
  readonly damagedProfiles: readonly ProfileUnderCheck[]
}

/** Checks everything in a home, and changes nothing. A server may run. */
export async function examineHome(home: HomeUnderCheck): Promise<Examination> {
  const results: CheckResult[] = [await checkHome(home.paths.home), await checkPermissions(home.paths.home)]
  if (home.database) results.push(await checkSharedDatabase(home.database, home.storage.inspectInstallation))
  const damagedProfiles: ProfileUnderCheck[] = []
  const isFolder = statSync(home.paths.home, { throwIfNoEntry: false })?.isDirectory() ?? false
  const profiles = isFolder ? await listProfiles(home) : []
  for (const profile of profiles) {
    const { results: found, referencedBlobs, isDamaged } = checkDatabase(profile, home.storage)
    if (isDamaged) damagedProfiles.push(profile)
    const hermes = checkHermes(profile)
    results.push(...found, await checkBlobs(profile, referencedBlobs), ...(hermes ? [hermes] : []))
  }
  results.push(...(await checkSettings(profiles, home)))
  const order = (result: CheckResult): number => checkNames.indexOf(result.check)
  return { results: results.toSorted((a, b) => order(a) - order(b)), damagedProfiles }
}

async function listProfiles({ paths }: HomeUnderCheck): Promise<ProfileUnderCheck[]> {
  const names = await new ProfileDirectory(paths).listNames()
  return names.map((name) => ({
    name,
    folder: toProfileFolder(paths.home, name),
    hermesFolder: paths.hermesHome === null ? null : toProfileFolder(paths.hermesHome, name),
  }))
}

/** Checks the settings of all profiles, and everything that they name, at the same time. */
async function checkSettings(profiles: readonly ProfileUnderCheck[], home: HomeUnderCheck): Promise<CheckResult[]> {
  const httpClient = new HttpClient(home.env)
  try {
    const checks = profiles.map((profile) => ({ profile, ...checkConfig(profile, home) }))
    const connections = await Promise.all(checks.map((check) => checkConnections(check, httpClient)))
    return [...checks.map(({ result }) => result), ...connections.flat()]
  } finally {
    httpClient.close()
  }
}

async function checkConnections(
  { profile: { name }, settings }: ConfigCheck & { readonly profile: ProfileUnderCheck },
  httpClient: HttpClient,
): Promise<CheckResult[]> {
  if (settings === null) return []
  return Promise.all([checkProviders(name, settings, httpClient), checkMcpServers(name, settings, httpClient)])
}
