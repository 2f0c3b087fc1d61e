import { hash } from 'node:crypto'

/** The result of scanning consecutive rows of Hermes' sessions. */
export interface ScannedHermesSessionRange {
  /** The rowid that the range ends with; null if it is the last range. */
  readonly lastRowid: number | null
  /** Changes with any of the rows. */
  readonly digest: string
}

/** A short text that changes with the value. */
export function computeDigest(value: unknown): string {
  return hash('sha1', JSON.stringify(value), 'base64')
}
