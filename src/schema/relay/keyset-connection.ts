import { createBadInputError } from '../../lib/errors.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { assertIntInRange } from '../arguments.ts'
import type { CursorCodec } from './cursors.ts'

export interface ConnectionArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** A list that is ordered by a key, and can be read from any key on. */
export interface KeysetSource<Row, Key> {
  readonly loadPage: (page: PageRequest<Key>) => Promise<readonly Row[]>
  readonly toKey: (row: Row) => Key
  readonly cursor: CursorCodec<Key>
}

const pageSizeLimits = { default: 50, max: 1000 }

/** Reads a page of a list as a Relay connection. Throws BAD_USER_INPUT for invalid page sizes and cursors. */
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
  const edges = toEdges(rows, { toKey, cursor })

  // The extra row shows whether the page size cut off rows. Rows on the other side of a cursor need a query.
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
    pageInfo: new PagePosition(edges, {
      hasNextPage: (!backwards && hasMore) || (await existsBeyond(before, rows.at(-1), 'after')),
      hasPreviousPage: (backwards && hasMore) || (await existsBeyond(after, rows[0], 'before')),
    }),
  }
}

/**
 * Reads a page around a row: half of it comes before that row. Throws BAD_USER_INPUT for an invalid page size, and together
 * with other arguments of a page.
 */
export async function resolveConnectionAround<Row, Key>(
  center: Row,
  args: ConnectionArguments,
  { loadPage, toKey, cursor }: KeysetSource<Row, Key>,
) {
  for (const name of ['last', 'after', 'before'] as const) {
    if (typeof args[name] === 'undefined' || args[name] === null) continue
    throw createBadInputError(`The request has both around and ${name}. Use one of them.`, name)
  }
  const size = resolvePageSize(args)
  const countBefore = Math.floor(size / 2)
  const countAfter = size - 1 - countBefore
  const key = toKey(center)
  const before = await loadPage({ after: null, before: key, limit: countBefore + 1, backwards: true })
  const after = await loadPage({ after: key, before: null, limit: countAfter + 1, backwards: false })
  const rows = [...(countBefore > 0 ? before.slice(-countBefore) : []), center, ...after.slice(0, countAfter)]
  const edges = toEdges(rows, { toKey, cursor })
  return {
    edges,
    pageInfo: new PagePosition(edges, {
      hasNextPage: after.length > countAfter,
      hasPreviousPage: before.length > countBefore,
    }),
  }
}

/** A row of a page. Its cursor is encoded only if the operation selects it. */
class Edge<Row, Key> {
  readonly node: Row
  readonly #source: Pick<KeysetSource<Row, Key>, 'toKey' | 'cursor'>

  constructor(node: Row, source: Pick<KeysetSource<Row, Key>, 'toKey' | 'cursor'>) {
    this.node = node
    this.#source = source
  }

  get cursor(): string {
    const { toKey, cursor } = this.#source
    return cursor.encode(toKey(this.node))
  }
}

function toEdges<Row, Key>(
  rows: readonly Row[],
  source: ConstructorParameters<typeof Edge<Row, Key>>[1],
): Edge<Row, Key>[] {
  return rows.map((row) => new Edge(row, source))
}

/** The position of a page. The cursors at its ends are encoded only if the operation selects them, too. */
export class PagePosition {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly #edges: readonly { readonly cursor: string }[]

  constructor(
    edges: readonly { readonly cursor: string }[],
    { hasNextPage, hasPreviousPage }: Pick<PagePosition, 'hasNextPage' | 'hasPreviousPage'>,
  ) {
    this.hasNextPage = hasNextPage
    this.hasPreviousPage = hasPreviousPage
    this.#edges = edges
  }

  get startCursor(): string | null {
    return this.#edges[0]?.cursor ?? null
  }

  get endCursor(): string | null {
    return this.#edges.at(-1)?.cursor ?? null
  }
}

function resolvePageSize({ first, last }: ConnectionArguments): number {
  if (typeof first === 'number' && typeof last === 'number') {
    throw createBadInputError('The request has both first and last. Use one of them.', 'last')
  }
  for (const [name, value] of Object.entries({ first, last })) {
    if (typeof value === 'number') assertIntInRange(value, { name, min: 1, max: pageSizeLimits.max })
  }
  return first ?? last ?? pageSizeLimits.default
}

function parseCursor<Key>(args: ConnectionArguments, name: 'after' | 'before', codec: CursorCodec<Key>): Key | null {
  const text = args[name]
  if (text === null || text === undefined) return null
  const key = codec.decode(text)
  if (key === null) {
    throw createBadInputError(
      `The argument ${name} is not a cursor of this list. Use a cursor from one of its pages.`,
      name,
    )
  }
  return key
}
