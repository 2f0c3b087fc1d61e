import { type Channel, channelOfSession, channels } from '../../../model/channel.ts'
import type { SessionRecord } from '../../../model/records.ts'

/**
 * All that a list can be filtered by, as one small number: a list in order of time is kept for each number that there
 * is, and what is asked for is merged from those that pass.
 */
export type Facet = number

const channelBits = 7
const archivedBit = 8
const pinnedBit = 16
/** Of conversations: from its root to its tip it is the work of a sub-agent, a tool or a schedule. */
const internalBit = 32
/** Not told by this index alone: see each index for what it means there. */
export const elsewhereBit = 64
/** Of conversations: it has no message. */
const emptyBit = 128

/** They are numbers from 0 on. */
export const facetCount = 256

const ofSession = channelBits | archivedBit | pinnedBit

const internalChannels: ReadonlySet<Channel | undefined> = new Set(['CRON', 'TOOL'])

export interface FacetFilter {
  readonly channels?: readonly string[]
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly internal?: boolean
  readonly elsewhere?: boolean
  readonly empty?: boolean
}

export function facetOf(session: Pick<SessionRecord, 'source' | 'delegate' | 'archived' | 'pinned'>): Facet {
  const channel = channels.indexOf(channelOfSession(session))
  return channel | (session.archived ? archivedBit : 0) | (session.pinned ? pinnedBit : 0)
}

/** A conversation's, from those of its first session and of its tip: it is filed where its tip is. */
export function conversationFacet(
  root: Facet,
  tip: Facet,
  { elsewhere, empty }: { readonly elsewhere: boolean; readonly empty: boolean },
): Facet {
  const internal = isInternal(root) && isInternal(tip)
  return (tip & ofSession) | (internal ? internalBit : 0) | (elsewhere ? elsewhereBit : 0) | (empty ? emptyBit : 0)
}

export function isElsewhere(facet: Facet): boolean {
  return (facet & elsewhereBit) !== 0
}

export function isEmpty(facet: Facet): boolean {
  return (facet & emptyBit) !== 0
}

export function facetPasses(facet: Facet, filter: FacetFilter): boolean {
  const agrees = (bit: number, wanted: boolean | undefined): boolean =>
    wanted === undefined || wanted === ((facet & bit) !== 0)
  return (
    (filter.channels === undefined || filter.channels.includes(channels[facet & channelBits] ?? '')) &&
    agrees(archivedBit, filter.archived) &&
    agrees(pinnedBit, filter.pinned) &&
    agrees(internalBit, filter.internal) &&
    agrees(elsewhereBit, filter.elsewhere) &&
    agrees(emptyBit, filter.empty)
  )
}

function isInternal(facet: Facet): boolean {
  return internalChannels.has(channels[facet & channelBits])
}
