/** Splits a list into consecutive arrays of at most `size` items. */
export function chunkArray<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}
