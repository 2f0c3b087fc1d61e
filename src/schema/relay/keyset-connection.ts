import { badInput } from '../../lib/errors.ts'
import { conversationId, rootIdIn } from '../../sessions/conversation-repository.ts'
import type { SearchKey } from '../../search/search-hit.ts'
import { ranks } from '../../search/search-query.ts'
import type { PageRequest, SessionKey } from '../../storage/session-reader.ts'

export interface ConnectionArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** How a place in a list is written as an opaque text. */
export interface CursorForm<Key> {
  readonly encode: (key: Key) => string
  /** Null for a text that is no such cursor. */
  readonly decode: (cursor: string) => Key | null
}

export interface List<Row, Key> {
  readonly fetch: (page: PageRequest<Key>) => Promise<readonly Row[]>
  readonly keyOf: (row: Row) => Key
  readonly cursor: CursorForm<Key>
}

const page = { default: 50, most: 1000 }

/** A page of a keyset list as a Relay connection. Throws BAD_USER_INPUT for sizes and cursors that are none. */
export async function connection<Row, Key>(args: ConnectionArguments, { fetch, keyOf, cursor }: List<Row, Key>) {
  const size = pageSize(args)
  const backwards = typeof args.last === 'number'
  const after = readCursor(args, 'after', cursor)
  const before = readCursor(args, 'before', cursor)

  const found = await fetch({ after, before, limit: size + 1, backwards })
  const more = found.length > size
  const rows = backwards ? found.slice(-size) : found.slice(0, size)
  const edges = rows.map((node) => ({ cursor: cursor.encode(keyOf(node)), node }))

  // What was left out for the page's size is known; what a cursor cut off is looked for.
  const beyond = async (given: Key | null, row: Row | undefined, inward: 'after' | 'before'): Promise<boolean> => {
    if (given === null) return false
    if (!row) return true
    const bounds = { after: null, before: null, [inward]: keyOf(row) }
    return (await fetch({ ...bounds, limit: 1, backwards: inward === 'before' })).length > 0
  }
  return {
    edges,
    pageInfo: {
      hasNextPage: (!backwards && more) || (await beyond(before, rows.at(-1), 'after')),
      hasPreviousPage: (backwards && more) || (await beyond(after, rows[0], 'before')),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function pageSize({ first, last }: ConnectionArguments): number {
  if (typeof first === 'number' && typeof last === 'number') throw badInput('Give first or last, not both.', 'last')
  for (const [name, value] of Object.entries({ first, last })) {
    if (typeof value === 'number' && (value < 1 || value > page.most)) {
      throw badInput(`${name} is from 1 to ${page.most}; it was ${value}.`, name)
    }
  }
  return first ?? last ?? page.default
}

function readCursor<Key>(args: ConnectionArguments, name: 'after' | 'before', form: CursorForm<Key>): Key | null {
  const given = args[name]
  if (given === null || given === undefined) return null
  const key = form.decode(given)
  if (key === null) throw badInput(`${name} is no cursor of this list.`, name)
  return key
}

const write = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function read(cursor: string): unknown {
  const text = Buffer.from(cursor, 'base64url').toString()
  // Decoding passes over what is no base64url: only a cursor that comes out the same again was made here.
  if (Buffer.from(text).toString('base64url') !== cursor) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const sessionCursor: CursorForm<SessionKey> = {
  encode: ({ lastActivityAt, id }) => write([lastActivityAt, id]),
  decode: (cursor) => {
    const value = read(cursor)
    if (!Array.isArray(value) || value.length !== 2) return null
    const [lastActivityAt, id]: unknown[] = value
    return Number.isSafeInteger(lastActivityAt) && typeof lastActivityAt === 'number' && typeof id === 'string'
      ? { lastActivityAt, id }
      : null
  },
}

/** Its keys are those of the roots; it says that they are conversations, for no other list to take it. */
export const conversationCursor: CursorForm<SessionKey> = {
  encode: ({ lastActivityAt, id }) => sessionCursor.encode({ lastActivityAt, id: conversationId(id) }),
  decode: (cursor) => {
    const key = sessionCursor.decode(cursor)
    const id = key && rootIdIn(key.id)
    return key && id !== null ? { lastActivityAt: key.lastActivityAt, id } : null
  },
}

export const positionCursor: CursorForm<number> = {
  encode: write,
  decode: (cursor) => {
    const value = read(cursor)
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
  },
}

export const searchCursor: CursorForm<SearchKey> = {
  encode: ({ rank, at, origin, number }) => write([rank, at, origin, number]),
  decode: (cursor) => {
    const value = read(cursor)
    if (!Array.isArray(value) || value.length !== 4) return null
    const [first, at, third, number]: unknown[] = value
    const rank = ranks.find((each) => each === first)
    const origin = (['SEGUE', 'HERMES'] as const).find((each) => each === third)
    const isPlace = typeof at === 'number' && typeof number === 'number' && [at, number].every(Number.isSafeInteger)
    return rank && origin && isPlace ? { rank, at, origin, number } : null
  },
}
