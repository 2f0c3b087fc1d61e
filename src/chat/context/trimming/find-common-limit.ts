/** The limit at which sizes have this sum together, if those above it are cut to it. Infinite if they have no more. */
export function findCommonLimit(sizes: readonly number[], sum: number): number {
  let remaining = sum
  for (const [index, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const limit = Math.floor(remaining / (sizes.length - index))
    if (size > limit) return limit
    remaining -= size
  }
  return Number.POSITIVE_INFINITY
}
