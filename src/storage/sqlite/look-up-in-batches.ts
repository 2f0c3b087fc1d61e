import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { chunkArray } from '../../lib/chunk-array.ts'

/** Keys that one statement looks up, so that other work is not delayed. */
const batchSize = 500

/** Looks up any number of keys, such as ids, each once, and yields to the event loop between batches of 500. */
export async function lookUpInBatches<T, Key = string>(
  keys: readonly Key[],
  lookUp: (batch: readonly Key[]) => readonly T[],
): Promise<T[]> {
  if (keys.length <= batchSize) return [...lookUp([...new Set(keys)])]
  const found: T[] = []
  for (const [index, batch] of chunkArray([...new Set(keys)], batchSize).entries()) {
    if (index > 0) await yieldToEventLoop()
    found.push(...lookUp(batch))
  }
  return found
}
