import { type ModelInfo, offlineModelInfo } from '../../agent/models/model-info.ts'
import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import type { ViewerProfiles } from '../../services/viewer-profiles.ts'

/** What clients see as a profile. It need not exist. */
export interface ProfileRecord {
  readonly name: string
}

/** A model that can answer in a profile. */
export interface ProfileModel {
  readonly profile: string
  readonly info: ModelInfo
}

/** The models of a profile. One that does not exist has no services, and the offline model. */
export async function listProfileModels(
  profile: string,
  services: { readonly models: Pick<ModelRegistry, 'list'> } | null,
): Promise<ProfileModel[]> {
  const models = (await services?.models.list()) ?? [offlineModelInfo]
  return models.map((info) => ({ profile, info }))
}

/** Whether a profile has a home. Others read as empty ones. */
export async function profileExists(
  name: string,
  { profiles }: { readonly profiles: { readonly visible: Pick<ViewerProfiles, 'listNames'> } },
): Promise<boolean> {
  return (await profiles.visible.listNames()).includes(name)
}
