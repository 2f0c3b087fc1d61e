import { createHash } from 'node:crypto'
import { TypeID, typeid } from 'typeid-js'

const prefixByKind = {
  session: 'ses',
  message: 'msg',
  stream: 'str',
  toolCall: 'tcl',
  approval: 'apr',
  clarification: 'clr',
  approvalRule: 'rul',
  job: 'job',
  jobRun: 'jrn',
  upload: 'upl',
} as const

export type IdKind = keyof typeof prefixByKind

/** Generates a TypeID: a prefix for the kind and a UUIDv7, so that ids sort by creation time. */
export function newId(kind: IdKind): string {
  return typeid(prefixByKind[kind]).toString()
}

/**
 * Derives an id from a name that is defined elsewhere, for example a file name in a Hermes home. The same name and time
 * always yield the same id. Ids sort by `timeMs`, in epoch milliseconds.
 */
export function deterministicId(kind: IdKind, name: string, timeMs: number): string {
  const bytes = createHash('sha256').update(`${kind} ${name}`).digest().subarray(0, 16)
  bytes.writeUIntBE(Math.min(Math.max(timeMs, 0), 2 ** 48 - 1), 0, 6)
  // Version and variant bits of a UUIDv7.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return TypeID.fromUUIDBytes(prefixByKind[kind], bytes).toString()
}

const typeIdPattern = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** Returns the kind of an id that Segue generated, and null for any other id, such as a Hermes session id. */
export function parseIdKind(id: string): IdKind | null {
  const prefix = typeIdPattern.exec(id)?.[1]
  for (const kind of Object.keys(prefixByKind) as IdKind[]) if (prefixByKind[kind] === prefix) return kind
  return null
}
