import { badInput } from '../../lib/errors.ts'
import { toConversationId, parseConversationId } from '../../model/conversation-id.ts'
import type { SearchKey } from '../../search/search-hit.ts'
import { type SearchRank, searchRanks } from '../../search/search-query.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import type { SessionKey } from '../../model/session-filter.ts'

export interface ConnectionArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** How a place in a list is written as an opaque text. */
export interface CursorCodec<Key> {
  readonly encode: (key: Key) => string
  /** Null for a text that is no such cursor. */
  readonly decode: (cursor: string) => Key | null
}

export interface KeysetSource<Row, Key> {
  readonly loadPage: (page: PageRequest<Key>) => Promise<readonly Row[]>
  readonly toKey: (row: Row) => Key
  readonly cursor: CursorCodec<Key>
}

const pageSizeLimits = { default: 50, max: 1000 }

/** A page of a keyset list as a Relay connection. Throws BAD_USER_INPUT for sizes and cursors that are none. */
export async function resolveKeysetConnection<Row, Key>(
  args: ConnectionArguments,
  { loadPage, toKey, cursor }: KeysetSource<Row, Key>,
) {
  const size = resolvePageSize(args)
  const backwards = typeof args.last === 'number'
  const after = parseCursor(args, 'after', cursor)
  const before = parseCursor(args, 'before', cursor)

  const loadedRows = await loadPage({ after, before, limit: size + 1, backwards })
  const hasMore = loadedRows.length > size
  const rows = backwards ? loadedRows.slice(-size) : loadedRows.slice(0, size)
  const edges = rows.map((node) => ({ cursor: cursor.encode(toKey(node)), node }))

  // What was left out for the page's size is known; what a cursor cut off is looked for.
  const existsBeyond = async (
    bound: Key | null,
    row: Row | undefined,
    direction: 'after' | 'before',
  ): Promise<boolean> => {
    if (bound === null) return false
    if (!row) return true
    const bounds = { after: null, before: null, [direction]: toKey(row) }
    return (await loadPage({ ...bounds, limit: 1, backwards: direction === 'before' })).length > 0
  }
  return {
    edges,
    pageInfo: {
      hasNextPage: (!backwards && hasMore) || (await existsBeyond(before, rows.at(-1), 'after')),
      hasPreviousPage: (backwards && hasMore) || (await existsBeyond(after, rows[0], 'before')),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function resolvePageSize({ first, last }: ConnectionArguments): number {
  if (typeof first === 'number' && typeof last === 'number') throw badInput('Give first or last, not both.', 'last')
  for (const [name, value] of Object.entries({ first, last })) {
    if (typeof value === 'number' && (value < 1 || value > pageSizeLimits.max)) {
      throw badInput(`${name} is from 1 to ${pageSizeLimits.max}; it was ${value}.`, name)
    }
  }
  return first ?? last ?? pageSizeLimits.default
}

function parseCursor<Key>(args: ConnectionArguments, name: 'after' | 'before', codec: CursorCodec<Key>): Key | null {
  const text = args[name]
  if (text === null || text === undefined) return null
  const key = codec.decode(text)
  if (key === null) throw badInput(`${name} is no cursor of this list.`, name)
  return key
}

const encodeCursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function decodeCursor(cursor: string): unknown {
  const text = Buffer.from(cursor, 'base64url').toString()
  // Decoding passes over what is no base64url: only a cursor that comes out the same again was made here.
  if (Buffer.from(text).toString('base64url') !== cursor) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const sessionCursor: CursorCodec<SessionKey> = {
  encode: ({ lastActivityAt, id }) => encodeCursor([lastActivityAt, id]),
  decode: (cursor) => {
    const value = decodeCursor(cursor)
    if (!Array.isArray(value) || value.length !== 2) return null
    const [lastActivityAt, id]: unknown[] = value
    return Number.isSafeInteger(lastActivityAt) && typeof lastActivityAt === 'number' && typeof id === 'string'
      ? { lastActivityAt, id }
      : null
  },
}

/** Its keys are those of the roots; it says that they are conversations, for no other list to take it. */
export const conversationCursor: CursorCodec<SessionKey> = {
  encode: ({ lastActivityAt, id }) => sessionCursor.encode({ lastActivityAt, id: toConversationId(id) }),
  decode: (cursor) => {
    const key = sessionCursor.decode(cursor)
    const id = key && parseConversationId(key.id)
    return key && id !== null ? { lastActivityAt: key.lastActivityAt, id } : null
  },
}

export const positionCursor: CursorCodec<number> = {
  encode: encodeCursor,
  decode: (cursor) => {
    const value = decodeCursor(cursor)
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
  },
}

/** How cursors name the ranks. Clients keep cursors across versions, so these values never change. */
const rankCodes: Readonly<Record<SearchRank, string>> = {
  TITLE: 'TITLE',
  PHRASE: 'LITERAL',
  PHRASE_PREFIX: 'BEGINNING',
  ALL_TERMS: 'WORDS',
}

export const searchCursor: CursorCodec<SearchKey> = {
  encode: ({ rank, at, origin, number }) => encodeCursor([rankCodes[rank], at, origin, number]),
  decode: (cursor) => {
    const value = decodeCursor(cursor)
    if (!Array.isArray(value) || value.length !== 4) return null
    const [first, at, third, number]: unknown[] = value
    const rank = searchRanks.find((each) => rankCodes[each] === first)
    const origin = (['SEGUE', 'HERMES'] as const).find((each) => each === third)
    const isPlace = typeof at === 'number' && typeof number === 'number' && [at, number].every(Number.isSafeInteger)
    return rank && origin && isPlace ? { rank, at, origin, number } : null
  },
}
