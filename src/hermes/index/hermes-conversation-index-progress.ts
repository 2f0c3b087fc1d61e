import { isJsonObject, parseJson } from '../../lib/text/json.ts'

/** How far the index has followed its sources. */
export interface HermesConversationIndexProgress {
  /** Identifies the state.db and its schema. */
  readonly fileDigest: string | null
  /** All of its sessions are indexed. */
  readonly isComplete: boolean
  readonly lastMessageRowid: number
  /** Segue's database, and the last of its changes that is applied. */
  readonly segueDatabaseId: string | null
  readonly segueChangeSeq: number
}

export const initialProgress: HermesConversationIndexProgress = {
  fileDigest: null,
  isComplete: false,
  lastMessageRowid: 0,
  segueDatabaseId: null,
  segueChangeSeq: 0,
}

/** Parses what is stored. Throws TypeError. Checks the types by hand: loading zod would double the time that the worker takes to start. */
export function parseProgress(body: string): HermesConversationIndexProgress {
  const stored = parseJson(body)
  if (!isJsonObject(stored)) throw new TypeError('The progress of the index is not a JSON object.')
  const { fileDigest, isComplete, lastMessageRowid, segueDatabaseId, segueChangeSeq } = {
    ...initialProgress,
    ...stored,
  }
  if (
    (fileDigest === null || typeof fileDigest === 'string') &&
    typeof isComplete === 'boolean' &&
    typeof lastMessageRowid === 'number' &&
    (segueDatabaseId === null || typeof segueDatabaseId === 'string') &&
    typeof segueChangeSeq === 'number'
  ) {
    return { fileDigest, isComplete, lastMessageRowid, segueDatabaseId, segueChangeSeq }
  }
  throw new TypeError('The progress of the index has a field of another type.')
}
