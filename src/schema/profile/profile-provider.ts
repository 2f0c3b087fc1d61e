import { offlineModelInfo } from '../../agent/models/model-info.ts'
import { type ProviderAvailability, readyProvider } from '../../agent/providers/check-provider.ts'
import type { ProfileServices } from '../../services/profile-services.ts'
import { listProfileModels, type ProfileModel } from './profile-model.ts'

/** A provider of a profile. What has to be asked for is asked for when it is needed, and once for all of its profile. */
export interface ProfileProvider {
  readonly name: string
  readonly type: string
  /** Takes 3 s at most. Never rejects. */
  checkAvailability(): Promise<ProviderAvailability>
  listModels(): Promise<readonly ProfileModel[]>
}

/** The providers of a profile, the offline one last. A profile that does not exist has no services, and that one only. */
export function listProfileProviders(
  profile: string,
  services: Pick<ProfileServices, 'models' | 'providers'> | null,
): ProfileProvider[] {
  let pendingModels: Promise<ProfileModel[]> | null = null
  const listModelsOf = async (name: string): Promise<ProfileModel[]> => {
    pendingModels ??= listProfileModels(profile, services)
    return (await pendingModels).filter(({ info }) => info.provider === name)
  }
  const configured = services?.providers.list() ?? []
  const offline = { name: offlineModelInfo.provider, type: offlineModelInfo.provider, check: async () => readyProvider }
  return [...configured, offline].map(({ name, type, check }) => {
    return { name, type, checkAvailability: check, listModels: () => listModelsOf(name) }
  })
}
