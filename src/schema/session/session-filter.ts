import { createBadInputError } from '../../lib/errors.ts'
import type { SessionFilter } from '../../model/session-filter.ts'
import type { Origin } from '../../model/session.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { AttentionEnum, ChannelEnum, OriginEnum } from './session-enums.ts'

const maxIds = 1000

export const SessionFilterInput = schemaBuilder.inputType('SessionFilter', {
  description: 'Selects sessions or conversations. All given conditions must match. An omitted field matches anything.',
  fields: (t) => ({
    profile: t.string({ description: 'Only this profile. Default: `default`.' }),
    channels: t.field({ type: [ChannelEnum], description: 'Only sessions in one of these channels.' }),
    origin: t.field({ type: OriginEnum, description: 'Only sessions of this origin.' }),
    archived: t.boolean({
      description: 'True: only archived conversations, and their sessions. False: only those that are not archived.',
    }),
    pinned: t.boolean({
      description: 'True: only pinned conversations, and their sessions. False: only those that are not pinned.',
    }),
    attention: t.field({
      type: [AttentionEnum],
      description: 'Only conversations that want one of these, and their sessions.',
    }),
    ids: t.idList({ description: `Only sessions with one of these ids, at most ${maxIds}.` }),
  }),
})

export type SessionFilterInputShape = typeof SessionFilterInput.$inferInput

/** The profile and the filter that the input selects. Throws BAD_USER_INPUT. */
export function toSessionFilter(input: SessionFilterInputShape): {
  readonly profile: string
  readonly filter: SessionFilter & { readonly origin?: Origin }
} {
  const { channels, origin, archived, pinned, attention, ids } = input
  const profile = parseProfileName(input.profile, 'filter', 'profile')
  if (ids && ids.length > maxIds) {
    throw createBadInputError(`The filter has ${ids.length} ids. Use at most ${maxIds}.`, 'filter', 'ids')
  }
  const filter = {
    ...(channels && { channels }),
    ...(origin && { origin }),
    ...(typeof archived === 'boolean' && { archived }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(attention && { attention }),
    ...(ids && { ids }),
  }
  return { profile, filter }
}
