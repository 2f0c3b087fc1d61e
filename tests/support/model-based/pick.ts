/** One of these, by an index that may be greater than their number. */
export function pick<T>(all: readonly T[], index: number): T | undefined {
  return all.length === 0 ? undefined : all[index % all.length]
}
