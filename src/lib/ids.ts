import { createHash } from 'node:crypto'
import { TypeID, typeid } from 'typeid-js'

const prefixByKind = {
  session: 'ses',
  message: 'msg',
  stream: 'str',
  toolCall: 'tcl',
  approval: 'apr',
  clarification: 'clr',
  job: 'job',
  jobRun: 'jrn',
} as const

export type IdKind = keyof typeof prefixByKind

/** A new id, a TypeID: a prefix that tells its kind and a UUIDv7, so that ids sort by the time they were made. */
export function newId(kind: IdKind): string {
  return typeid(prefixByKind[kind]).toString()
}

/**
 * The id of something that has another name elsewhere: always the same for the same name and time, and sorted by the
 * time, in milliseconds since the epoch.
 */
export function deterministicId(kind: IdKind, name: string, at: number): string {
  const bytes = createHash('sha256').update(`${kind} ${name}`).digest().subarray(0, 16)
  bytes.writeUIntBE(Math.min(Math.max(at, 0), 2 ** 48 - 1), 0, 6)
  // The version and the variant of a UUIDv7.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return TypeID.fromUUIDBytes(prefixByKind[kind], bytes).toString()
}

const typeIdPattern = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** The kind of an id that was made here; null for any other, such as those of Hermes' sessions. */
export function parseIdKind(id: string): IdKind | null {
  const prefix = typeIdPattern.exec(id)?.[1]
  for (const kind of Object.keys(prefixByKind) as IdKind[]) if (prefixByKind[kind] === prefix) return kind
  return null
}
