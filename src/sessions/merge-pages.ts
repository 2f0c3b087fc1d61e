import type { PageRequest } from '../lib/pagination.ts'
import { takePage } from '../storage/keyset-pagination.ts'

/** Makes one page of the pages of several sources, each in the order of `compare`. Most often, one of them has all rows. */
export function mergePages<T>(
  pages: readonly (readonly T[])[],
  page: PageRequest<unknown>,
  compare: (a: T, b: T) => number,
): T[] {
  const [first = [], ...others] = pages.filter((rows) => rows.length > 0)
  return takePage(others.length === 0 ? first : [first, ...others].flat().toSorted(compare), page)
}
