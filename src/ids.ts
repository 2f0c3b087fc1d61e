import { typeid } from 'typeid-js'

const prefixes = {
  session: 'ses',
  message: 'msg',
  stream: 'str',
  toolCall: 'tcl',
  approval: 'apr',
  clarification: 'clr',
  job: 'job',
  jobRun: 'jrn',
} as const

export type IdKind = keyof typeof prefixes

/** A new id, a TypeID: a prefix that tells its kind and a UUIDv7, so that ids sort by the time they were made. */
export function newId(kind: IdKind): string {
  return typeid(prefixes[kind]).toString()
}

const ours = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** The kind of an id that was made here; null for any other, such as those of Hermes' sessions. */
export function kindOfId(id: string): IdKind | null {
  const prefix = ours.exec(id)?.[1]
  for (const kind of Object.keys(prefixes) as IdKind[]) if (prefixes[kind] === prefix) return kind
  return null
}
