const cutLists = new WeakSet<readonly unknown[]>()

/**
 * The first or the last items of a list: at most `max`. A list that had more is marked, so that whoever returns it to a client
 * can say so. Read one item more than `max` to know.
 */
export function cutList<T>(items: readonly T[], max: number, keep: 'first' | 'last' = 'first'): readonly T[] {
  if (items.length <= max) return items
  return markAsCut(keep === 'first' ? items.slice(0, max) : items.slice(-max))
}

/** Marks a list that has more items than it holds. Returns it. */
export function markAsCut<T extends readonly unknown[]>(items: T): T {
  cutLists.add(items)
  return items
}

/** Whether this very list, not a copy, was cut at its bound. */
export function isCutList(items: readonly unknown[]): boolean {
  return cutLists.has(items)
}
