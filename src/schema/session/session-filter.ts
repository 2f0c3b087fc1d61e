import { badInput } from '../../lib/errors.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import type { Origin } from '../../model/session.ts'
import type { SessionFilter } from '../../model/session-filter.ts'
import { builder } from '../builder.ts'
import { ChannelEnum, OriginEnum } from '../enums.ts'

const maxIds = 1000

export const SessionFilterInput = builder.inputType('SessionFilter', {
  description: 'What is left out does not filter.',
  fields: (t) => ({
    profile: t.string({ description: 'Only this profile; default when it is left out.' }),
    channels: t.field({ type: [ChannelEnum], description: 'Only sessions that were held in one of these.' }),
    origin: t.field({ type: OriginEnum, description: 'Only sessions that are kept there.' }),
    archived: t.boolean({ description: 'Only those that were put away, or only those that were not.' }),
    pinned: t.boolean({ description: 'Only those that are kept at the top, or only those that are not.' }),
    ids: t.idList({ description: `Only these, at most ${maxIds}.` }),
  }),
})

export type SessionFilterInputShape = typeof SessionFilterInput.$inferInput

/** What is asked for: in which profile, and what of it. Throws BAD_USER_INPUT for what cannot be asked for. */
export function toSessionFilter(input: SessionFilterInputShape): {
  readonly profile: string
  readonly filter: SessionFilter & { readonly origin?: Origin }
} {
  const { channels, origin, archived, pinned, ids } = input
  const profile = parseProfileName(input.profile, 'filter', 'profile')
  if (ids && ids.length > maxIds) throw badInput(`At most ${maxIds} ids at once.`, 'filter', 'ids')
  const filter = {
    ...(channels && { channels }),
    ...(origin && { origin }),
    ...(typeof archived === 'boolean' && { archived }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(ids && { ids }),
  }
  return { profile, filter }
}
