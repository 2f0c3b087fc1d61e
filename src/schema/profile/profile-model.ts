import { type ModelInfo, offlineModelInfo } from '../../agent/models/model-info.ts'
import type { CrossProfileRecordLookup } from '../cross-profile-record-lookup.ts'

/** What clients see as a profile. It need not exist. */
export interface ProfileRecord {
  readonly name: string
}

/** A model that can answer in a profile. */
export interface ProfileModel {
  readonly profile: string
  readonly info: ModelInfo
}

/** The models of a profile. One that does not exist has the offline model. */
export async function listProfileModels(
  profile: string,
  profiles: Pick<CrossProfileRecordLookup, 'findProfile'>,
): Promise<ProfileModel[]> {
  const models = (await (await profiles.findProfile(profile))?.models.list()) ?? [offlineModelInfo]
  return models.map((info) => ({ profile, info }))
}
