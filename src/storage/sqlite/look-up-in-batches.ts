import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import { chunkArray } from '../../lib/chunk-array.ts'

/** Ids that one statement looks up, so that other work is not delayed. */
const batchSize = 500

/** Looks up any number of ids, each once, and yields to the event loop between batches of 500. */
export async function lookUpInBatches<T>(
  ids: readonly string[],
  lookUp: (batch: readonly string[]) => readonly T[],
): Promise<T[]> {
  const found: T[] = []
  for (const [index, batch] of chunkArray([...new Set(ids)], batchSize).entries()) {
    if (index > 0) await yieldToEventLoop()
    found.push(...lookUp(batch))
  }
  return found
}
