const bitsPerWord = 32

/**
 * Aligns two lists by a longest common subsequence. Two elements are equal if they share a key, so one element may equal
 * several that differ from each other. Returns, for each element of `right`, the index of its partner in `left`, or null. Of
 * several longest ones it chooses the one whose partners are closest to the end of `left`.
 *
 * Uses the bit-parallel algorithm of Hyyrö (2004): `left.length * right.length / 32` steps and bits, at most. Elements that
 * equal none of the other list cost nothing.
 */
export function alignByLongestCommonSubsequence(
  left: readonly (readonly string[])[],
  right: readonly (readonly string[])[],
): (number | null)[] {
  const leftKeys = new Set(left.flat())
  const candidates = right.flatMap((keys, index) => (keys.some((key) => leftKeys.has(key)) ? [{ keys, index }] : []))
  const partners: (number | null)[] = right.map(() => null)
  if (candidates.length === 0) return partners
  const masks = new EqualityMasks(candidates.map(({ keys }) => keys))
  const rows = left.flatMap((keys, index) => {
    const mask = masks.find(keys)
    return mask ? [{ index, mask }] : []
  })
  const columns = computeColumns(rows, masks.wordCount)
  for (let i = rows.length, j = candidates.length; i > 0 && j > 0;) {
    const row = rows[i - 1]
    const candidate = candidates[j - 1]
    if (!row || !candidate) break
    if (hasBit(columns[i], j - 1)) {
      j -= 1
    } else if (hasBit(row.mask, j - 1)) {
      partners[candidate.index] = row.index
      i -= 1
      j -= 1
    } else {
      i -= 1
    }
  }
  return partners
}

/** For each key, the set of elements that have it, as bits. */
class EqualityMasks {
  readonly wordCount: number
  readonly #masks = new Map<string, Uint32Array>()

  constructor(elements: readonly (readonly string[])[]) {
    this.wordCount = Math.ceil(elements.length / bitsPerWord)
    for (const [index, keys] of elements.entries()) {
      for (const key of keys) {
        const mask = this.#masks.get(key) ?? new Uint32Array(this.wordCount)
        const word = Math.floor(index / bitsPerWord)
        mask[word] = (mask[word] ?? 0) | (1 << (index % bitsPerWord))
        this.#masks.set(key, mask)
      }
    }
  }

  /** The elements that have any of the keys; null if there are none. */
  find(keys: readonly string[]): Uint32Array | null {
    const masks = keys.flatMap((key) => this.#masks.get(key) ?? [])
    if (masks.length < 2) return masks[0] ?? null
    return new Uint32Array(this.wordCount).map((_, word) => masks.reduce((bits, mask) => bits | (mask[word] ?? 0), 0))
  }
}

/**
 * For each prefix of the rows, from the empty one on, a bit per candidate: 0 if the longest common subsequence of the prefix
 * and the candidates up to this one is longer than without this one.
 */
function computeColumns(rows: readonly { readonly mask: Uint32Array }[], wordCount: number): Uint32Array[] {
  const columns = [new Uint32Array(wordCount).fill(0xffffffff)]
  for (const { mask } of rows) {
    const previous = columns.at(-1)
    if (!previous) break
    const next = new Uint32Array(wordCount)
    let carry = 0
    for (let word = 0; word < wordCount; word += 1) {
      const bits = previous[word] ?? 0
      const matches = mask[word] ?? 0
      const sum = bits + ((bits & matches) >>> 0) + carry
      carry = sum > 0xffffffff ? 1 : 0
      next[word] = sum | (bits & ~matches)
    }
    columns.push(next)
  }
  return columns
}

function hasBit(words: Uint32Array | undefined, index: number): boolean {
  return (((words?.[Math.floor(index / bitsPerWord)] ?? 0) >>> (index % bitsPerWord)) & 1) === 1
}
