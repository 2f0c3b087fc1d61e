import type { TranscriptKey } from '../../chat/transcript/session-transcript.ts'
import { parseConversationId, toConversationId } from '../../model/conversation/conversation-id.ts'
import type { SearchHitSortKey } from '../../search/search-hit.ts'
import { type SearchRank, searchRanks } from '../../search/search-query.ts'
import type { SessionSortKey } from '../../model/session-filter.ts'

/** Converts a key of a list to an opaque cursor and back. */
export interface CursorCodec<Key> {
  readonly encode: (key: Key) => string
  /** Null if the text is not a cursor of this kind. */
  readonly decode: (cursor: string) => Key | null
}

export const sessionCursor: CursorCodec<SessionSortKey> = {
  encode: ({ lastActivityAt, id }) => encodeJson([lastActivityAt, id]),
  decode: (cursor) => {
    const value = decodeJson(cursor)
    if (!Array.isArray(value) || value.length !== 2) return null
    const [lastActivityAt, id]: unknown[] = value
    return isSafeInteger(lastActivityAt) && typeof id === 'string' ? { lastActivityAt, id } : null
  },
}

/** Keys contain ids of roots. Cursors contain ids of conversations, so that a list of sessions rejects them. */
export const conversationCursor: CursorCodec<SessionSortKey> = {
  encode: ({ lastActivityAt, id }) => sessionCursor.encode({ lastActivityAt, id: toConversationId(id) }),
  decode: (cursor) => {
    const key = sessionCursor.decode(cursor)
    const id = key && parseConversationId(key.id)
    return key && id !== null ? { lastActivityAt: key.lastActivityAt, id } : null
  },
}

export const positionCursor: CursorCodec<number> = {
  encode: encodeJson,
  decode: (cursor) => {
    const value = decodeJson(cursor)
    return isSafeInteger(value) ? value : null
  },
}

/** For the transcript of sessions: a cursor of another session is none of its own. */
export function createTranscriptCursor(sessionIds: ReadonlySet<string>): CursorCodec<TranscriptKey> {
  return {
    encode: ({ sessionId, position }) => encodeJson([position, sessionId]),
    decode: (cursor) => {
      const value = decodeJson(cursor)
      if (!Array.isArray(value) || value.length !== 2) return null
      const [position, sessionId]: unknown[] = value
      const isKey = isSafeInteger(position) && typeof sessionId === 'string' && sessionIds.has(sessionId)
      return isKey ? { position, sessionId } : null
    },
  }
}

/** The names of the ranks in cursors. Clients keep cursors across versions, so these values never change. */
const rankCodes: Readonly<Record<SearchRank, string>> = {
  TITLE: 'TITLE',
  PHRASE: 'LITERAL',
  PHRASE_PREFIX: 'BEGINNING',
  ALL_TERMS: 'WORDS',
}

export const searchCursor: CursorCodec<SearchHitSortKey> = {
  encode: ({ rank, at, origin, number }) => encodeJson([rankCodes[rank], at, origin, number]),
  decode: (cursor) => {
    const value = decodeJson(cursor)
    if (!Array.isArray(value) || value.length !== 4) return null
    const [rankCode, at, originValue, number]: unknown[] = value
    const rank = searchRanks.find((each) => rankCodes[each] === rankCode)
    const origin = (['SEGUE', 'HERMES'] as const).find((each) => each === originValue)
    return rank && origin && isSafeInteger(at) && isSafeInteger(number) ? { rank, at, origin, number } : null
  },
}

function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decodeJson(cursor: string): unknown {
  const text = Buffer.from(cursor, 'base64url').toString()
  // Node ignores invalid characters when it decodes base64url. Only a text that encodes to the same cursor is valid.
  if (Buffer.from(text).toString('base64url') !== cursor) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isSafeInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}
