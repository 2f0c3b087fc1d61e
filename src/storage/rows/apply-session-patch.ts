import type { SessionRecord } from '../../model/session.ts'
import type { SessionRecordPatch } from '../event-store.ts'

/** A session with the values of a patch. Its title is only replaced by one from a source that ranks higher. */
export function applySessionPatch(current: SessionRecord, patch: SessionRecordPatch): SessionRecord {
  // One that a person chose is only replaced by a person.
  const isChosen = patch.titleSource === 'PERSON' || patch.titleSource === null
  const isBetter = isChosen || rankTitleSource(patch.titleSource) > rankTitleSource(current.titleSource)
  const { title, titleSource } = patch.title === undefined || isBetter ? { ...current, ...patch } : current
  return { ...current, ...patch, title, titleSource }
}

const titleRanks: readonly SessionRecord['titleSource'][] = [null, 'MESSAGE', 'MODEL', 'PERSON']

function rankTitleSource(source: SessionRecord['titleSource'] = null): number {
  return titleRanks.indexOf(source)
}
