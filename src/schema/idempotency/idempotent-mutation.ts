import type { GraphQLResolveInfo } from 'graphql'
import { SegueError } from '../../lib/errors.ts'
import type { FirstExecutionContext } from '../../services/idempotent-calls.ts'
import type { IdempotencyKeyRecord, RememberedMutationResult } from '../../storage/idempotency-key.ts'
import type { Context } from '../context.ts'
import { createNodeNotFoundError, type NodeRecords, type NodeType } from '../node-finders.ts'
import type { RequestProfile } from '../request-profile.ts'
import { computeMutationFingerprint } from './mutation-fingerprint.ts'
import { type IdempotencyKeyProfileSelector, withIdempotencyKeyProfile } from './idempotency-key-profile-selector.ts'
import { resolveCallIdempotencyKey } from './resolve-call-idempotency-key.ts'

/** The surroundings of a call. */
interface CallScope {
  /** The profile that keeps the keys of the call: that of its records, unless they are in several profiles. */
  readonly profile: RequestProfile
  readonly context: Context
}

/** How a mutation is executed, and how it is repeated. */
export interface IdempotentMutation<Args, Result> {
  /** Throws BAD_USER_INPUT. */
  readonly keySpace: (
    args: Args,
    context: Context,
  ) => IdempotencyKeyProfileSelector | Promise<IdempotencyKeyProfileSelector>
  readonly execute: (args: Args, scope: CallScope & FirstExecutionContext) => Promise<Result>
  /** What the key has to remember of the result. Left out if that is nothing: the arguments say all. */
  readonly remember?: (result: Result) => RememberedMutationResult
  /** The result of a repetition: the same ids and outcome, and records as they are now. Throws NOT_FOUND. */
  readonly reload: (args: Args, remembered: IdempotencyKeyRecord, scope: CallScope) => Promise<Result>
  /** The arguments with defaults that the schema does not show, for the comparison with those of another call. */
  readonly applyDefaults?: (args: Args) => Args
  /** The fingerprint that version 0.1 stored for the call in the profile with this name. */
  readonly legacyFingerprint?: (args: Args, profileName: string) => string
}

type Resolver<Args, Result> = (
  parent: unknown,
  args: Args,
  context: Context,
  info: GraphQLResolveInfo,
) => Promise<Result>

/** The resolver of a mutation that can be repeated. */
export function createIdempotentResolver<Args extends object, Result>(
  mutation: IdempotentMutation<Args, Result>,
): Resolver<Args, Result> {
  return (_, args, context, info) => executeIdempotentMutation(info.fieldName, mutation, args, context, info)
}

/**
 * Executes a call of a field, or returns the result of its first execution. Different fields that do the same have one
 * name. Throws IDEMPOTENCY_MISMATCH, BAD_USER_INPUT for what cannot be a key, NOT_FOUND, and what the mutation throws.
 */
export async function executeIdempotentMutation<Args extends object, Result>(
  fieldName: string,
  mutation: IdempotentMutation<Args, Result>,
  args: Args,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<Result> {
  const { execute, remember = () => ({}), reload, applyDefaults = (given) => given, legacyFingerprint } = mutation
  const key = resolveCallIdempotencyKey(args, context.idempotencyKey, info)
  const argumentTypes = info.parentType.getFields()[info.fieldName]?.args ?? []
  const comparedArgs = new Map(Object.entries(applyDefaults(args)))
  const fingerprint = key === null ? '' : computeMutationFingerprint(fieldName, argumentTypes, comparedArgs)
  const describeCall = (profileName: string) =>
    key === null
      ? null
      : {
          key,
          fingerprint,
          computeLegacyFingerprint: legacyFingerprint ? () => legacyFingerprint(args, profileName) : null,
        }
  const keySpace = await mutation.keySpace(args, context)
  return withIdempotencyKeyProfile(keySpace, describeCall, context.profiles, async (profile) => {
    const scope = { profile, context }
    const result = await profile.idempotentCalls.run(describeCall(profile.profile.name), {
      execute: (execution) => execute(args, { ...scope, ...execution }),
      remember,
      reload: (remembered) => reload(args, remembered, scope),
    })
    // The call may have waited for another one.
    context.profiles.clearCaches()
    return result
  })
}

/** What a key remembers of a call that created a record. */
export function toRememberedCreatedId({ id }: { readonly id: string }): RememberedMutationResult {
  return { createdId: id }
}

/** The record that the first call created, as it is now. Throws NOT_FOUND if it was deleted. */
export async function reloadCreatedRecord<Type extends NodeType>(
  type: Type,
  { createdId }: IdempotencyKeyRecord,
  { context }: CallScope,
): Promise<NodeRecords[Type]> {
  const record = createdId === null ? null : await context.profiles.find(type, createdId)
  if (record) return record
  throw new SegueError('NOT_FOUND', 'What this call created was deleted. Use a new key to create it again.')
}

/** The record with an id that the call was given, as it is now. Throws NOT_FOUND if it was deleted. */
export async function reloadRecord<Type extends NodeType>(
  type: Type,
  id: string,
  { context }: CallScope,
): Promise<NodeRecords[Type]> {
  const record = await context.profiles.find(type, id)
  if (record) return record
  throw createNodeNotFoundError(type, id)
}
