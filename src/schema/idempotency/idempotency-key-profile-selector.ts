import type { KeyedMutationCall } from '../../services/idempotent-calls.ts'
import { createNodeNotFoundError, type NodeType } from '../node-finders.ts'
import type { CrossProfileRecordLookup } from '../cross-profile-record-lookup.ts'
import type { RequestProfile } from '../request-profile.ts'

/**
 * Where the keys of a call are kept: in a profile that the call names, or in that of the records that it is about. Keys
 * of records in several profiles are kept in `default`, or in the first profile of a viewer who has no `default`.
 */
export type IdempotencyKeyProfileSelector =
  | { readonly profile: string }
  | { readonly type: NodeType; readonly ids: readonly string[] }

/** A call with its key, as the profile with this name would store it. Null if the call has no key. */
export type DescribeKeyedMutationCall = (profileName: string) => KeyedMutationCall | null

/**
 * Runs a task with the profile that keeps the keys of a call. A profile that is named need not exist. A record need not
 * exist if its profile has the key of the call, which is then a repetition. Throws NOT_FOUND otherwise.
 */
export async function withIdempotencyKeyProfile<T>(
  keySpace: IdempotencyKeyProfileSelector,
  describeCall: DescribeKeyedMutationCall,
  profiles: CrossProfileRecordLookup,
  task: (profile: RequestProfile) => Promise<T>,
): Promise<T> {
  if ('profile' in keySpace) return profiles.withProfile(keySpace.profile, task)
  return task(await findOwner(keySpace.type, keySpace.ids, describeCall, profiles))
}

async function findOwner(
  type: NodeType,
  ids: readonly string[],
  describeCall: DescribeKeyedMutationCall,
  profiles: CrossProfileRecordLookup,
): Promise<RequestProfile> {
  const owners = await profiles.findProfilesOwning(type, ids)
  const missingId = ids[owners.indexOf(null)]
  if (missingId !== undefined) {
    const owner = await findProfileWithKey(describeCall, profiles)
    if (!owner) throw createNodeNotFoundError(type, missingId)
    return owner
  }
  const [owner, ...others] = new Set(owners)
  if (owner && others.length === 0) return owner
  const shared = profiles.visible.sharedKeyProfile
  return (await profiles.findProfile(shared)) ?? owner ?? profiles.requireProfile(shared)
}

/** What the call was about was deleted since: its key says where it was. */
function findProfileWithKey(
  describeCall: DescribeKeyedMutationCall,
  profiles: CrossProfileRecordLookup,
): Promise<RequestProfile | null> {
  return profiles.searchProfiles(async ({ profile, idempotentCalls }) => {
    const call = describeCall(profile.name)
    return call !== null && (await idempotentCalls.findExecution(call)) !== null
  })
}
